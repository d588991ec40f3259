import type { PathInfo } from '../store/pathInfo.ts'
import { nodeOf } from '../layers/graph.ts'
import type { ClosureNode } from '../layers/plan.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { ListsRecords } from '../storage/interfaces.ts'

/** All paths of the outputs that servers on a storage have made images of. @throws StorageFailed */
export async function recordedPaths(
  records: ListsRecords,
  outputs: { find(path: StorePath): Promise<{ readonly closure: readonly PathInfo[] } | undefined> },
  onProgress: (done: number, of: number) => void,
): Promise<readonly ClosureNode[]> {
  const keys = await Array.fromAsync(records.list('outputs'))
  const paths = keys.map((key) => `/nix/store/${key.slice(key.lastIndexOf('/') + 1)}`).filter(isStorePath)
  const nodes = new Map<StorePath, ClosureNode>()
  for (const [index, path] of paths.entries()) {
    const output = await outputs.find(path)
    for (const info of output?.closure ?? []) nodes.set(info.path, nodeOf(info))
    onProgress(index + 1, paths.length)
  }
  return [...nodes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
