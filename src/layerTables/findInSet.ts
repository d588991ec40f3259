import { nodeOf } from '../layers/graph.ts'
import type { NixOptions } from '../nix/command.ts'
import type { Nix } from '../nix/nix.ts'
import { validPaths } from '../nix/validPaths.ts'
import type { PackageSource } from '../sources/source.ts'
import type { Revision } from '../store/revision.ts'
import { hashPart, type StorePath } from '../store/storePath.ts'
import type { System } from '../store/system.ts'
import { BinaryCache } from './binaryCache.ts'
import { gatherFrom } from './findInCache.ts'
import type { CacheSearch, Finding, Search } from './search.ts'

interface SetOptions {
  readonly source: Pick<PackageSource, 'fetch'>
  readonly revision: Revision
  readonly system: System
  readonly nix: Pick<Nix, 'closure' | 'outputs'>
  readonly nixOptions: NixOptions
  /** How a binary cache is asked for outputs that the Nix store does not have. */
  readonly cache?: Omit<CacheSearch, keyof Search> & { readonly location: string }
}

/**
 * The outputs of all packages of a set, and all that they need, as far as the Nix store or a binary cache has
 * them.
 * @throws SourceFailed if the set changes meanwhile; InvalidData, what the source and Nix throw, or the
 *   signal's reason
 */
export async function findInSet(
  { source, revision, system, nix, nixOptions, cache }: SetOptions,
  search: Search,
): Promise<Finding> {
  const run = { signal: search.signal, onEvent: () => undefined }
  const fetched = await source.fetch(revision, run)
  const { location } = fetched
  const onProgress = (done: number, of: number) => search.onProgress('attributes', done, of)
  const { paths, attributes, failed } = await nix.outputs(
    { revision: revision.id, trusted: revision.trusted, location, system },
    run,
    onProgress,
  )
  await fetched.confirm(run)
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
    share: paths.length === 0 ? 0 : paths.filter((path) => nodes.has(path)).length / paths.length,
    remarks: [`${attributes} attributes were evaluated, ${failed} could not be`, ...remote.remarks],
  }
}

async function findAbsent(
  paths: readonly StorePath[],
  cache: SetOptions['cache'],
  search: Search,
): Promise<Pick<Finding, 'nodes' | 'remarks'>> {
  if (cache !== undefined) {
    return gatherFrom(new BinaryCache(cache.location), paths.map(hashPart), { ...cache, ...search })
  }
  const remarks = paths.length === 0 ? [] : [`${paths.length} outputs are not in the Nix store`]
  return { nodes: [], remarks }
}
