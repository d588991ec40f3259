import { z } from 'zod'
import { pathInfoSchema, type PathInfo } from './pathInfo.ts'
import type { StorePath } from './storePath.ts'
import { storePathSchema } from './storePathSchema.ts'
import { treeSchema, type Tree } from './tree.ts'

/**
 * What an image needs to know of a package's output besides its bytes. It never changes: the store path is
 * its name.
 */
export interface Output {
  readonly path: StorePath
  /** Names that it links into an image. */
  readonly tree: Tree
  /** Store paths that it cannot be used without. */
  readonly propagated: readonly StorePath[]
  /** Everything that it needs, including itself, sorted by path. */
  readonly closure: readonly PathInfo[]
}

/** An output in JSON that was read back. */
export const outputSchema: z.ZodType<Output> = z.object({
  path: storePathSchema,
  tree: treeSchema,
  propagated: z.array(storePathSchema),
  closure: z.array(pathInfoSchema),
})
