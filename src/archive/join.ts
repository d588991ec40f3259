import { createHash } from 'node:crypto'
import { toDigest } from '../oci/digest.ts'
import type { Results } from './jobs.ts'
import { layoutOf } from './layout.ts'
import { members } from './members.ts'
import type { LayerContent, StorePathContent } from './packer.ts'
import { Recall } from './recall.ts'
import { SegmentLost } from './segmentCache.ts'
import { serverTar } from './serverTar.ts'
import { SourceKeeper } from './sourceKeeper.ts'
import { isInStore, missing, storePathTar } from './storePathTar.ts'
import { endOfArchive } from './tarHeader.ts'
import type { Tools } from './tools.ts'

const parents = ['nix', 'nix/store'].map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const)

/**
 * Sends the blob of a layer in pieces, each in a buffer of its own, and answers the digest of its tar. What the cache has is sent
 * as it is, and what it lacks is compressed on the spot: the bytes are the same.
 * @param buffer gathers a member
 * @throws StorePathMissing when a store path is neither in the store nor in the cache; PackingFailed; what `send` throws
 */
export function join(
  content: LayerContent,
  tools: Tools,
  buffer: Buffer,
  send: (bytes: Uint8Array<ArrayBuffer>) => void,
): Results['join'] {
  const { codec, storeDirectory, cache } = tools
  const diffID = createHash('sha256')
  const sources = new SourceKeeper(storeDirectory, cache?.sources)
  const sendTar = (tar: Uint8Array, known?: Uint8Array<ArrayBuffer>) => {
    diffID.update(tar)
    send(known ?? Uint8Array.from(codec.encode(tar)))
  }
  const { head, segments } = partsOf(content, tools, sources)
  for (const tar of members(head, buffer)) sendTar(tar)
  for (const one of segments) {
    if (isInStore(one.path, storeDirectory)) {
      using recall = new Recall(one, cache?.segments)
      for (const tar of members(storePathTar(one, storeDirectory), buffer)) sendTar(tar, recall.next(tar))
    } else {
      for (const { tar, member } of fromCache(one, tools)) sendTar(tar, member)
    }
  }
  sendTar(endOfArchive)
  const { written, fault } = sources
  return { diffID: toDigest(`sha256:${diffID.digest('hex')}`), written, fault }
}

/** The tar of what shares members, and the store paths that have members of their own. */
function partsOf(content: LayerContent, { codec }: Tools, sources: SourceKeeper) {
  if (content.kind === 'entries') return { head: serverTar(content.entries), segments: [] }
  const { shared, segments } = layoutOf(content.storePaths, codec)
  return { head: headOf(shared, sources), segments }
}

function* headOf(shared: readonly StorePathContent[], sources: SourceKeeper): Generator<Uint8Array> {
  yield* serverTar(parents)
  for (const content of shared) yield* sources.tarOf(content)
}

function* fromCache(content: StorePathContent, { cache }: Tools) {
  try {
    if (cache === undefined) throw new SegmentLost()
    yield* cache.segments.segment(cache.segments.keyOf(content))
  } catch (error) {
    if (!(error instanceof SegmentLost)) throw error
    throw missing(content)
  }
}
