import { readFile } from 'node:fs/promises'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors as jose,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import { z } from 'zod'
import { Unauthenticated } from '../errors.ts'
import type { IssuerDescription } from './accessSchema.ts'
import type { Claims, Identity } from './identity.ts'

/** Milliseconds for which an issuer may take to answer. */
const patience = 5_000
/** Milliseconds after which an issuer that did not answer is asked again. */
const pause = 5_000
/** Milliseconds after which keys are fetched again, and between two looks for an unknown key. */
const keysLast = 600_000
const cooldown = 1_000
/** Seconds by which the clocks of issuers may differ. */
const clockTolerance = 30
/** Characters. The claims travel in our own tokens. */
const longestClaims = 4_000

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() })

/** Whether a password is a token of an issuer: three parts, of which the first is JSON. */
export function isIssuedToken(password: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(password)
}

/** Verifies tokens of OIDC issuers. Their keys are fetched when they are needed, and kept. */
export class Issuers {
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>()

  /**
   * @returns who holds the token, and when it expires, in seconds since 1970
   * @throws Unauthenticated with what is wrong with the token
   */
  async verify(
    token: string,
    issuers: readonly IssuerDescription[],
  ): Promise<{ readonly identity: Extract<Identity, { kind: 'oidc' }>; readonly expires: number }> {
    const issuer = issuers.find((one) => one.issuer === issuerOf(token))
    if (!issuer) throw new Unauthenticated('the token is of an issuer that this registry does not know')
    const { payload } = await jwtVerify(token, await this.#keysOf(issuer), {
      issuer: issuer.issuer,
      audience: [issuer.audience].flat(),
      algorithms: [...issuer.algorithms],
      requiredClaims: ['exp', 'sub'],
      clockTolerance,
    }).catch((cause: unknown) => {
      throw new Unauthenticated(`the token of '${issuer.name}' is not accepted: ${reason(cause)}`, { cause })
    })
    const { sub: subject = '', exp: expires = 0 } = payload
    return { identity: { kind: 'oidc', issuer: issuer.name, subject, claims: claimsOf(payload) }, expires }
  }

  #keysOf(issuer: IssuerDescription): Promise<JWTVerifyGetKey> {
    const id = `${issuer.issuer}\n${issuer.keys ?? ''}`
    const known = this.#keys.get(id)
    if (known) return known
    const found = findKeys(issuer)
    this.#keys.set(id, found)
    found.catch(() => setTimeout(() => this.#keys.delete(id), pause).unref())
    return found
  }
}

async function findKeys({ name, issuer, keys }: IssuerDescription): Promise<JWTVerifyGetKey> {
  try {
    if (keys?.startsWith('/')) return fileKeys(keys)
    const address = keys ?? (await discover(issuer))
    return createRemoteJWKSet(new URL(address), {
      timeoutDuration: patience,
      cacheMaxAge: keysLast,
      cooldownDuration: cooldown,
    })
  } catch (cause) {
    throw new Unauthenticated(`the keys of the issuer '${name}' cannot be fetched now`, { cause })
  }
}

/** The file is read again for each token, because it is small and changes when keys are rotated. */
function fileKeys(file: string): JWTVerifyGetKey {
  return async (header, token) => {
    const set = createLocalJWKSet(JSON.parse(await readFile(file, 'utf8')) as JSONWebKeySet)
    return set(header, token)
  }
}

/** OpenID Connect Discovery 1.0, 4. */
async function discover(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(address, { redirect: 'error', signal: AbortSignal.timeout(patience) })
  if (!response.ok) throw new Error(`${address} answers ${response.status}`)
  const found = discovery.parse(await response.json())
  if (found.issuer !== issuer) throw new Error(`${address} is of another issuer`)
  return found.jwks_uri
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** Names the claim that is wrong, but nothing out of the token. */
function reason(cause: unknown): string {
  if (cause instanceof jose.JWTExpired) return 'it has expired'
  if (cause instanceof jose.JWTClaimValidationFailed) return `its claim '${cause.claim}' is wrong`
  if (cause instanceof jose.JOSEAlgNotAllowed) return 'its algorithm is not allowed'
  if (cause instanceof jose.JWKSNoMatchingKey) return 'the issuer has no such key'
  if (cause instanceof jose.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (cause instanceof jose.JOSEError) return 'it cannot be verified'
  return 'the keys of the issuer cannot be fetched now'
}

function claimsOf(payload: JWTPayload): Claims {
  const claims: Record<string, string | readonly string[]> = {}
  let rest = longestClaims
  for (const [name, value] of Object.entries(payload)) {
    const kept = claimOf(value)
    if (kept === undefined) continue
    rest -= JSON.stringify([name, kept]).length
    if (rest < 0) throw new Unauthenticated('the token has too many claims')
    claims[name] = kept
  }
  return claims
}

function claimOf(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  const list = z.array(z.string()).safeParse(value)
  return list.success ? list.data : undefined
}
