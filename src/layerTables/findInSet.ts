import { nodeOf } from '../layers/graph.ts'
import type { NixOptions } from '../nix/command.ts'
import type { Nix } from '../nix/nix.ts'
import { validPaths } from '../nix/validPaths.ts'
import type { PackageSource } from '../sources/source.ts'
import { hashPart, type StorePath } from '../store/storePath.ts'
import type { System } from '../store/system.ts'
import { BinaryCache } from './binaryCache.ts'
import { gatherFrom } from './findInCache.ts'
import type { CacheSearch, Finding } from './search.ts'

interface SetOptions {
  readonly source: PackageSource
  readonly tag: string
  readonly system: System
  readonly nix: Pick<Nix, 'closure' | 'outputs'>
  readonly nixOptions: NixOptions
  /** A binary cache that is asked for outputs that the Nix store does not have. */
  readonly cache: string | undefined
}

/**
 * The outputs of all packages of a set, and all that they need, as far as the Nix store or a binary cache has
 * them.
 * @throws InvalidData, what the source and Nix throw, or the signal's reason
 */
export async function findInSet(
  { source, tag, system, nix, nixOptions, cache }: SetOptions,
  search: CacheSearch,
): Promise<Finding> {
  const run = { signal: search.signal, onEvent: () => undefined }
  const revision = await source.pin(tag, run)
  const { location } = await source.fetch(revision, run)
  const onProgress = (done: number, of: number) => search.onProgress('attributes', done, of)
  const { paths, attributes, failed } = await nix.outputs(
    { revision: revision.id, trusted: revision.trusted, location, system },
    run,
    onProgress,
  )
  const present = await validPaths(paths, nixOptions, run)
  const local = await nix.closure(present, run)
  const there = new Set(present)
  const absent = paths.filter((path) => !there.has(path))
  const remote = await findAbsent(absent, cache, search)
  const nodes = new Map([...remote.nodes, ...local.map(nodeOf)].map((node) => [node.path, node]))
  return {
    origin: revision.label,
    revision: revision.id,
    nodes: [...nodes.values()],
    remarks: [`${attributes} attributes were evaluated, ${failed} could not be`, ...remote.remarks],
  }
}

async function findAbsent(
  paths: readonly StorePath[],
  cache: string | undefined,
  search: CacheSearch,
): Promise<Pick<Finding, 'nodes' | 'remarks'>> {
  if (cache !== undefined) return gatherFrom(new BinaryCache(cache), paths.map(hashPart), search)
  const remarks = paths.length === 0 ? [] : [`${paths.length} outputs are not in the Nix store`]
  return { nodes: [], remarks }
}
