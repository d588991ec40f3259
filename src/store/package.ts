import { z } from 'zod'
import type { StorePath } from './storePath.ts'
import { storePathSchema } from './storePathSchema.ts'

/** Meta of a package as far as images and errors need it. */
interface PackageMeta {
  readonly description?: string
  readonly homepage?: string
  readonly license?: string
  readonly mainProgram?: string
}

/** What an attribute path evaluated to. For one revision and system this never changes. */
export interface Package {
  /** As asked for, such as `python3packages.requests`. */
  readonly attribute: string
  /** As found in the set, such as `python3Packages.requests`. */
  readonly resolved: string
  readonly name: string
  readonly version?: string
  readonly derivation: StorePath
  /** The outputs to install, in order, each with its store path. Never empty. */
  readonly outputs: readonly { readonly name: string; readonly path: StorePath }[]
  readonly meta: PackageMeta
}

const text = z.string().exactOptional()

/** A package in JSON that was read back. */
export const packageSchema: z.ZodType<Package> = z.object({
  attribute: z.string(),
  resolved: z.string(),
  name: z.string(),
  version: text,
  derivation: storePathSchema,
  outputs: z.array(z.object({ name: z.string(), path: storePathSchema })).min(1),
  meta: z.object({ description: text, homepage: text, license: text, mainProgram: text }),
})
