import { z } from 'zod'
import { architectures } from '../oci/platform.ts'

const text = z.string('must be a text').min(1, 'is empty')
const action = z.enum(['allow', 'deny'], "must be 'allow' or 'deny'")
const patterns = z.array(text, 'must be a list of patterns').min(1, 'is an empty list')

const claims = z
  .record(z.string(), z.union([text, patterns], 'must be a pattern or a list of patterns'))
  .describe('Patterns by claim. A claim that is a list matches if one of its items does.')

const whoRule =
  "must be 'anyone', 'anonymous', 'authenticated', 'user:NAME', 'robot:NAME', or 'issuer' with 'claims'"

const who = z.union(
  [
    z.string().regex(/^(anyone|anonymous|authenticated|(user|robot):.+)$/, whoRule),
    z.strictObject({ issuer: text, claims: claims.default({}) }),
  ],
  whoRule,
)

/** Tokens of issuers on this machine may travel without TLS. */
const address = z
  .url('must be a URL')
  .refine(
    (value) => /^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(`${value}/`),
    'must begin with https:// (http:// only for 127.0.0.1)',
  )

/** Algorithms with a public key. With a shared secret, whoever can verify could also sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

const issuer = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes'),
  issuer: address.describe("The issuer's address, exactly as its tokens have it in `iss`."),
  audience: z.union([text, z.array(text).min(1)], 'must be a text or a list of texts'),
  algorithms: z
    .array(z.enum(algorithms, `must be one of ${algorithms.join(', ')}`))
    .min(1, 'is an empty list')
    .default(['RS256', 'ES256']),
  keys: text
    .describe(
      "Address or file of the issuer's public keys (JWKS). By default the issuer's discovery names it.",
    )
    .optional(),
})

const rule = z.strictObject({
  name: text.describe('For logs, and for `nixery access check`.').optional(),
  who: z.array(who, 'must be a list').min(1, 'is an empty list').default(['anyone']),
  packages: patterns.describe('Patterns of attributes, such as `python3packages.*`.').optional(),
  tags: patterns.optional(),
  licences: patterns
    .describe('Patterns of SPDX identifiers, such as `GPL-*`; `unknown` if a package has none.')
    .optional(),
  revisions: patterns.describe('Patterns of revisions, such as `git:0123*`.').optional(),
  platforms: z
    .array(z.enum(architectures.map((one) => `linux/${one}` as const)))
    .min(1)
    .optional(),
  action,
  message: text.describe('What a client that is refused gets to read. Only with `deny`.').optional(),
})

/** What an access file contains. */
export const accessSchema = z.strictObject({
  anonymous: z
    .boolean('must be true or false')
    .describe('Whether clients without credentials get a token.')
    .default(false),
  users: z.strictObject({ htpasswd: text.describe('File of users, as `htpasswd -B` writes it.') }).optional(),
  issuers: z.array(issuer, 'must be a list').default([]),
  default: action.describe('What happens to a package that no rule matches.'),
  rules: z.array(rule, 'must be a list').default([]),
})

export type AccessDescription = z.output<typeof accessSchema>
export type IssuerDescription = AccessDescription['issuers'][number]
export type RuleDescription = AccessDescription['rules'][number]
export type WhoDescription = RuleDescription['who'][number]

/** The schema for editors, as JSON Schema. `docs/access.schema.json` is a copy. */
export function accessJsonSchema(): object {
  return {
    title: 'Access file of Nixery (NIXERY_ACCESS)',
    ...z.toJSONSchema(accessSchema, { io: 'input' }),
  }
}
