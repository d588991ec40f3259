import { nodeOf } from '../layers/graph.ts'
import type { ClosureNode } from '../layers/plan.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, Records } from '../storage/records.ts'
import type { StorePath } from '../store/storePath.ts'
import type { Finding, Search } from './search.ts'

/** All paths of the outputs that servers on a storage have made images of. @throws StorageFailed */
export async function findInRecords(
  records: RecordStore & ListsRecords,
  { onProgress }: Search,
): Promise<Finding> {
  const outputs = new Records(records, layout.outputs)
  const names = await Array.fromAsync(namesOf(records, layout.outputs), ([name]) => name)
  const nodes = new Map<StorePath, ClosureNode>()
  for (const [index, name] of names.entries()) {
    const output = await outputs.get(name)
    for (const info of output?.closure ?? []) nodes.set(info.path, nodeOf(info))
    onProgress('records', index + 1, names.length)
  }
  const sorted = [...nodes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return { origin: "the server's records", nodes: sorted, share: 1, remarks: [] }
}
