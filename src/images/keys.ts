import { createHash } from 'node:crypto'
import type { ImageRequest } from '../image/name.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { Revision } from '../store/revision.ts'
import type { Architecture } from '../oci/platform.ts'
import { generation } from '../storage/layout.ts'

/** Everything that the bytes of an image depend on. */
export interface ImageIdentity {
  readonly revision: Revision
  readonly request: Pick<ImageRequest, 'packages' | 'shell'>
  readonly architecture: Architecture
  /** Variables that the evaluation depends on, such as `NIXPKGS_ALLOW_UNFREE`. */
  readonly environment: Readonly<Record<string, string>>
  /** The strategy, the budget and the data for planning layers. */
  readonly layering: string
  /** The codec of the packer. */
  readonly codec: string
}

/** The name of an image's record, in hex. */
export function imageKey(identity: ImageIdentity): string {
  const { revision, request, architecture, environment, layering, codec } = identity
  const sorted = Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return hash([
    generation,
    revision.id,
    request.packages,
    request.shell,
    architecture,
    sorted,
    layering,
    codec,
  ])
}

/** The name of a layer's record, in hex: what the bytes of a layer of store paths depend on. */
export function layerKey(paths: readonly PathInfo[], codec: string): string {
  const sorted = paths.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return hash([generation, codec, sorted.map(({ path, narHash }) => [path, narHash])])
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
