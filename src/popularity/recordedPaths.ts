import type { OutputRecords } from '../build/outputRecords.ts'
import type { ClosureNode } from '../layers/plan.ts'
import { isStorePath, type StorePath } from '../nix/types.ts'
import type { ListsRecords } from '../storage/interfaces.ts'

/** All paths of the outputs that servers on a storage have made images of. @throws StorageFailed */
export async function recordedPaths(
  records: ListsRecords,
  outputs: Pick<OutputRecords, 'find'>,
  onProgress: (done: number, of: number) => void,
): Promise<readonly ClosureNode[]> {
  const keys = await Array.fromAsync(records.list('outputs'))
  const paths = keys.map((key) => `/nix/store/${key.slice(key.lastIndexOf('/') + 1)}`).filter(isStorePath)
  const nodes = new Map<StorePath, ClosureNode>()
  for (const [index, path] of paths.entries()) {
    const output = await outputs.find(path)
    for (const { path: member, narSize: size, references } of output?.closure ?? []) {
      nodes.set(member, { path: member, size, references })
    }
    onProgress(index + 1, paths.length)
  }
  return [...nodes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
