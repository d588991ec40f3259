import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import PQueue from 'p-queue'
import type { Tree, TreeNode } from '../store/tree.ts'
import { codeOf } from '../work/errno.ts'

/** Folders that are read at once. */
const atOnce = 32

/**
 * The tree of a store path, empty if it is not a folder. Links are reported, not followed.
 * @param store links to places outside of this folder lead to nothing in an image
 * @throws what reading the folders throws, and the signal's reason
 */
export async function readTree(path: string, signal: AbortSignal, store = '/nix/store'): Promise<Tree> {
  const queue = new PQueue({ concurrency: atOnce })
  const read = async (folder: string): Promise<Tree> => {
    signal.throwIfAborted()
    const entries = await queue.add(() => readdir(folder, { withFileTypes: true }))
    const nodes = entries.toSorted(byName).map(async (entry): Promise<TreeNode> => {
      const inner = join(folder, entry.name)
      if (entry.isDirectory()) return [entry.name, await read(inner)]
      const target = entry.isSymbolicLink() ? await folderBehind(inner) : undefined
      return target?.startsWith(`${store}/`) ? [entry.name, target] : entry.name
    })
    return Promise.all(nodes)
  }
  return (await folderBehind(path)) === undefined ? [] : read(path)
}

/** The folder that a path leads to, with links resolved. Undefined for a broken link, a circle or a file. */
async function folderBehind(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isDirectory() ? await realpath(path) : undefined
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes(codeOf(error))) return undefined
    throw error
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
