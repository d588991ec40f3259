import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import PQueue from 'p-queue'

/**
 * The names below a folder, sorted: a text for what is no folder, name and tree for what is one, also behind a link.
 * The shape is JSON, since a store path's tree never changes and is kept.
 */
export type Tree = readonly (string | readonly [name: string, tree: Tree])[]

/** Folders that are read at the same time. */
const atOnce = 32

/**
 * The tree of a store path; empty when it is no folder. A link that leads back to a folder above it is no folder.
 * @throws what reading the folders throws
 */
export async function readTree(path: string): Promise<Tree> {
  const queue = new PQueue({ concurrency: atOnce })
  const read = async (folder: string, above: readonly string[]): Promise<Tree> => {
    const real = await realpath(folder)
    const entries = await queue.add(() => readdir(folder, { withFileTypes: true }))
    const nodes = entries.toSorted(byName).map(async (entry) => {
      const inner = join(folder, entry.name)
      const leads =
        entry.isDirectory() || (entry.isSymbolicLink() && (await leadsDown(inner, [...above, real])))
      return leads ? ([entry.name, await read(inner, [...above, real])] as const) : entry.name
    })
    return Promise.all(nodes)
  }
  return (await isFolder(path)) ? read(path, []) : []
}

/** How many names a tree has, those of inner folders included. */
export function countNames(tree: Tree): number {
  return tree.reduce((sum, node) => sum + (typeof node === 'string' ? 1 : 1 + countNames(node[1])), 0)
}

async function leadsDown(link: string, above: readonly string[]): Promise<boolean> {
  return (await isFolder(link)) && !above.includes(await realpath(link))
}

/** A link to nowhere, or into itself, is none. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(error.code))
    ) {
      return false
    }
    throw error
  }
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
