import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { codeOf } from '../work/errno.ts'

/**
 * The names below a folder, sorted: a text for what is no folder; name and tree for a folder; name and absolute path for
 * a link to a folder of the store. The shape is JSON, since a store path's tree never changes and is kept.
 */
export type Tree = readonly TreeNode[]
export type TreeNode = string | readonly [name: string, inside: Tree | string]

/** Folders that are read at the same time. */
const atOnce = 32

/**
 * The tree of a store path; empty when it is no folder. Links are not followed: they are told.
 * @param store the folder outside of which a link leads to nothing that an image has
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

/** How many names a tree has, those of inner folders included. */
export function countNames(tree: Tree): number {
  return tree.reduce(
    (sum, node) =>
      sum + 1 + (typeof node === 'string' || typeof node[1] === 'string' ? 0 : countNames(node[1])),
    0,
  )
}

/** The folder that a path leads to, links resolved. A link to nowhere, into itself, or to a file leads to none. */
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
