import { jwtVerify, SignJWT, errors as jose } from 'jose'
import { z } from 'zod'
import { Unauthenticated } from '../errors.ts'
import type { Identity } from './identity.ts'
import type { SigningKeys } from './signingKeys.ts'

/** Seconds. Docker's own registry uses as much. Clients fetch a new one by themselves. */
const accessLifetime = 300
/** Seconds for which `docker login` holds without the password. */
const refreshLifetime = 30 * 86_400

const algorithm = 'HS256'
const issuer = 'nixery'

/** What a token is for. A token for one cannot be used for the other. */
type TokenUse = 'access' | 'refresh'

/** Who was verified, and by what. */
export interface Session {
  readonly identity: Identity
  /**
   * Names the credential without telling it: a token of a robot by its identifier, a password by a part of
   * the hash of its hash. If the credential goes or changes, tokens that were issued for it are refused.
   */
  readonly credential: string
  /** Seconds since 1970 after which nothing issued for it may be valid. Undefined: no limit. */
  readonly expires?: number | undefined
}

const claims = z.record(z.string(), z.union([z.string(), z.array(z.string())]))
const identity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('anonymous') }),
  z.object({ kind: z.literal('user'), name: z.string() }),
  z.object({ kind: z.literal('robot'), name: z.string() }),
  z.object({ kind: z.literal('oidc'), issuer: z.string(), subject: z.string(), claims }),
])
const payload = z.object({ who: identity, by: z.string(), exp: z.number() })

/** Tokens of our own (RFC 7519). Every server of the registry verifies them without asking anybody. */
export class SessionTokens {
  readonly #keys: SigningKeys

  constructor(keys: SigningKeys) {
    this.#keys = keys
  }

  /** @returns the token, and for how many seconds it is valid @throws StorageFailed */
  async issue(
    { identity, credential, expires = Infinity }: Session,
    use: TokenUse,
  ): Promise<{ readonly token: string; readonly lifetime: number }> {
    const now = Math.floor(Date.now() / 1000)
    const lifetime = Math.min(use === 'access' ? accessLifetime : refreshLifetime, expires - now)
    const { id, secret } = await this.#keys.current()
    const token = await new SignJWT({ who: identity, by: credential })
      .setProtectedHeader({ alg: algorithm, kid: id })
      .setIssuer(issuer)
      .setAudience(use)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(secret)
    return { token, lifetime }
  }

  /** @throws Unauthenticated, StorageFailed */
  async verify(token: string, use: TokenUse): Promise<Session> {
    const options = { issuer, audience: use, algorithms: [algorithm], requiredClaims: ['exp'] }
    const key = async ({ kid = '' }: { readonly kid?: string | undefined }) => {
      const found = await this.#keys.find(kid)
      if (!found) throw new Unauthenticated('the token was not issued by this registry, or long ago')
      return found.secret
    }
    try {
      const verified = await jwtVerify(token, key, options)
      const { who, by, exp } = payload.parse(verified.payload)
      return { identity: who, credential: by, expires: exp }
    } catch (cause) {
      if (cause instanceof jose.JWTExpired) throw new Unauthenticated('the token has expired', { cause })
      if (cause instanceof jose.JOSEError || cause instanceof z.ZodError)
        throw new Unauthenticated('the token is not valid here', { cause })
      throw cause
    }
  }
}
