import { z } from 'zod'

/**
 * The names below a folder, sorted: a text for anything that is not a folder; name and tree for a folder;
 * name and absolute path for a link to a folder of the store. The shape is JSON: the tree of a store path
 * never changes, so it is kept as a record.
 */
export type Tree = readonly TreeNode[]
export type TreeNode = string | readonly [name: string, inside: Tree | string]

/** A tree in JSON that was read back. */
export const treeSchema: z.ZodType<Tree> = z.lazy(() =>
  z
    .array(z.union([z.string(), z.tuple([z.string(), z.union([z.string(), treeSchema])]).readonly()]))
    .readonly(),
)

/** How many names a tree has, including those in inner folders. */
export function countNames(tree: Tree): number {
  return tree.reduce(
    (sum, node) =>
      sum + 1 + (typeof node === 'string' || typeof node[1] === 'string' ? 0 : countNames(node[1])),
    0,
  )
}
