import { z } from 'zod'
import type { StorePath } from './storePath.ts'
import { storePathSchema } from './storePathSchema.ts'

/**
 * What a Nix store or a binary cache knows of a path. `narHash` is `sha256:<hex>`, `narSize` in bytes;
 * references without the path itself.
 */
export interface PathInfo {
  readonly path: StorePath
  readonly narHash: string
  readonly narSize: number
  readonly references: readonly StorePath[]
}

/** A path info in JSON that was read back. */
export const pathInfoSchema: z.ZodType<PathInfo> = z.object({
  path: storePathSchema,
  narHash: z.string(),
  narSize: z.number(),
  references: z.array(storePathSchema),
})
