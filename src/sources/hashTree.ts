import { TreeIndex } from './treeIndex.ts'

/**
 * The hash of what lies at a path, in hex. Synchronous: for a worker thread. @throws what the file system
 * says
 */
export function hashTree(path: string): string {
  const index = new TreeIndex(path)
  index.scan()
  return index.hash
}
