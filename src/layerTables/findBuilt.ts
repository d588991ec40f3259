import { setImmediate } from 'node:timers/promises'
import { nodeOf } from '../layers/graph.ts'
import { packageKey } from '../layers/packageKey.ts'
import type { ClosureNode } from '../layers/plan.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { folderOf, Records } from '../storage/records.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { Finding, Search } from './search.ts'

/** Most outputs that are read. */
const mostOutputs = 20_000

/**
 * What servers on a storage have made images of: of each package the newest output, and all that it needs. An
 * older version would count everything a second time that both versions need.
 * @throws StorageFailed, or the signal's reason
 */
export async function findBuilt(
  { records, objects }: Pick<Storage, 'records' | 'objects'>,
  { signal, onProgress }: Search,
): Promise<Finding> {
  const outputs = new Records(records, layout.outputs)
  const names = await newestOutputs(objects)
  const nodes = new Map<StorePath, ClosureNode>()
  for (const [index, name] of names.entries()) {
    signal.throwIfAborted()
    for (const info of (await outputs.get(name))?.closure ?? []) nodes.set(info.path, nodeOf(info))
    onProgress('records', index + 1, names.length)
    // Records in memory would otherwise keep the thread to themselves.
    await setImmediate()
  }
  const sorted = [...nodes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { origin: `${names.length} packages that servers have used`, nodes: sorted, share: 1, remarks: [] }
}

/** How many packages servers on a storage have made images of. @throws StorageFailed */
export async function countBuilt({ objects }: Pick<Storage, 'objects'>): Promise<number> {
  return (await newestOutputs(objects)).length
}

/** Names of records, one for each package, the newest ones first. */
async function newestOutputs(objects: Storage['objects']): Promise<readonly string[]> {
  const prefix = `${folderOf(layout.outputs)}/`
  const listed = await Array.fromAsync(objects.list(folderOf(layout.outputs)))
  const newest = new Map<string, string>()
  for (const { key } of listed.toSorted((a, b) => b.modified - a.modified || (a.key < b.key ? -1 : 1))) {
    const name = key.slice(prefix.length)
    const path = `/nix/store/${name}`
    if (!isStorePath(path)) continue
    const packageName = packageKey(path)
    if (!newest.has(packageName)) newest.set(packageName, name)
  }
  return [...newest.values()].slice(0, mostOutputs)
}
