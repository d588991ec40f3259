import { z } from 'zod'
import { isStorePath, type StorePath } from './types.ts'

/** A store path out of JSON that was read back or written by Nix. */
export const storePathSchema: z.ZodType<StorePath> = z.string().refine(isStorePath)
