import { z } from 'zod'
import type { Descriptor } from './descriptor.ts'
import { isDigest, type Digest } from './digest.ts'

/** A digest out of JSON that was read back or sent. */
export const digestSchema: z.ZodType<Digest> = z.string().refine(isDigest)

/** A descriptor out of JSON that was read back or sent; see `Descriptor`. */
export const descriptorSchema: z.ZodType<Descriptor> = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.number().int().nonnegative(),
})

/** What is needed of an image manifest (OCI image-spec, manifest.md). */
export const manifestSchema: z.ZodType<{
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}> = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) })

/** The value of JSON; undefined for what is none: a record may point at any blob. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
