import { z } from 'zod'
import { digestSchema } from '../oci/parse.ts'

/** A token of a robot: the sha256 of its secret, in hex. Times in milliseconds since 1970. */
export const robotTokenSchema = z.object({
  name: z.string(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.number(),
  expires: z.number().optional(),
})
export type RobotTokenRecord = Readonly<z.output<typeof robotTokenSchema>>

/** A key that tokens are signed with, in base64url. `created` in milliseconds since 1970. */
export const signingKeySchema = z.object({ secret: z.string().min(43), created: z.number() })
export type SigningKeyRecord = Readonly<z.output<typeof signingKeySchema>>

/** A manifest that a name stood for, and what the rules need to know of its packages. */
export const storedFactsSchema = z.object({
  digest: digestSchema,
  revision: z.string(),
  packages: z.array(
    z.object({ attribute: z.string(), names: z.array(z.string()), licences: z.array(z.string()) }),
  ),
})
export type StoredFacts = z.output<typeof storedFactsSchema>
