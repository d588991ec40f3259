import { z } from 'zod'
import type { Descriptor } from './descriptor.ts'
import { isDigest, type Digest } from './digest.ts'

/** A digest in JSON that was read back or received. */
export const digestSchema: z.ZodType<Digest> = z.string().refine(isDigest)

/** A descriptor in JSON that was read back or received; see `Descriptor`. */
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

/** The value of the JSON, or undefined if it is not JSON: a record may point at any blob. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
