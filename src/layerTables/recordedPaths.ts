import { nodeOf } from '../layers/graph.ts'
import type { ClosureNode } from '../layers/plan.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, Records } from '../storage/records.ts'
import type { StorePath } from '../store/storePath.ts'

/** All paths of the outputs that servers on a storage have made images of. @throws StorageFailed */
export async function recordedPaths(
  records: RecordStore & ListsRecords,
  onProgress: (done: number, of: number) => void,
): Promise<readonly ClosureNode[]> {
  const outputs = new Records(records, layout.outputs)
  const names = await Array.fromAsync(namesOf(records, layout.outputs), ([name]) => name)
  const nodes = new Map<StorePath, ClosureNode>()
  for (const [index, name] of names.entries()) {
    const output = await outputs.get(name)
    for (const info of output?.closure ?? []) nodes.set(info.path, nodeOf(info))
    onProgress(index + 1, names.length)
  }
  return [...nodes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
