import type { ClientKind } from './client.ts'
import { buildah } from './clients/buildah.ts'
import { ctr, ctrMirror } from './clients/containerd.ts'
import { crane, oras, skopeo } from './clients/copiers.ts'
import { docker, dockerWithContainerd } from './clients/docker.ts'
import { podman } from './clients/podman.ts'
import { suites } from './suites.js'

export interface MatrixRow {
  readonly suite: (typeof suites)[number]
  readonly kind: ClientKind
}

const kinds = [skopeo, podman, buildah, ctr, ctrMirror, docker, dockerWithContainerd, crane, oras]

/** Docker 20 has no such store. */
function exists({ suite, kind }: MatrixRow): boolean {
  return (
    suite.packages.includes(kind.package) && !(kind === dockerWithContainerd && suite.name === 'bookworm')
  )
}

/** Clients in the order of the tables: by program, from the oldest to the newest. */
export const rows: readonly MatrixRow[] = kinds
  .flatMap((kind) => suites.map((suite) => ({ suite, kind })))
  .filter(exists)
