import { z } from 'zod'
import { isStorePath, type StorePath } from './storePath.ts'

/**
 * A store path in JSON that was read back or written by Nix. It has a file of its own: packing threads use
 * store paths, and would take longer to start with the library of schemas.
 */
export const storePathSchema: z.ZodType<StorePath> = z.string().refine(isStorePath)
