import { createHash } from 'node:crypto'
import { AccessDenied, Unauthenticated } from '../errors.ts'
import type { Architecture } from '../oci/platform.ts'
import { parseAuthorization } from './authorization.ts'
import { anonymous, nameOf, type Identity } from './identity.ts'
import { isIssuedToken, type Issuers } from './issuers.ts'
import { decide, dependsOnEvaluation, type Decision, type Wanted } from './policy.ts'
import type { Policy } from './policyFile.ts'
import type { Passwords } from './passwords.ts'
import { robotTokenPrefix, type RobotTokens } from './robotTokens.ts'
import type { Session, SessionTokens } from './sessionTokens.ts'

interface AccessParts {
  readonly policy: { readonly policy: Policy }
  readonly passwords: Pick<Passwords, 'verify'>
  readonly robots: Pick<RobotTokens, 'verify' | 'valid'>
  readonly issuers: Pick<Issuers, 'verify'>
  readonly tokens: SessionTokens
}

/** What `/token` answers. Lifetimes in seconds. */
interface IssuedTokens {
  readonly identity: Identity
  readonly token: string
  readonly lifetime: number
  readonly refreshToken?: string
}

/** The name and password of a request, or a refresh token. Undefined: none was sent. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'refresh'; readonly token: string }
  | undefined

/** What an image's name asks for, on each platform that it leaves open. */
export interface WantedImage extends Omit<Wanted, 'architecture'> {
  readonly architectures: readonly Architecture[]
}

/** Identifies clients, and says what they may pull, by the access file as it is now. */
export class Access {
  readonly #parts: AccessParts

  constructor(parts: AccessParts) {
    this.#parts = parts
  }

  /**
   * Who sends a request.
   * @param header `Authorization`: `Basic` with a password, or `Bearer` with a token of `/token`
   * @param client whose wrong passwords are counted together
   * @throws Unauthenticated, TooManyRequests, StorageFailed
   */
  async identify(header: string | undefined, client: string): Promise<Identity> {
    const sent = parseAuthorization(header)
    if (sent === undefined)
      throw new Unauthenticated('this registry needs credentials, or an anonymous token')
    if (sent.kind === 'basic') return (await this.#verify(sent.user, sent.password, client)).identity
    const session = await this.#parts.tokens.verify(sent.token, 'access')
    await this.#recheck(session)
    return session.identity
  }

  /**
   * Answers a request to `/token`.
   * @param offline whether the client wants a refresh token too
   * @throws Unauthenticated, TooManyRequests, StorageFailed
   */
  async issue(
    credentials: Credentials,
    { offline, client }: { readonly offline: boolean; readonly client: string },
  ): Promise<IssuedTokens> {
    const { tokens } = this.#parts
    const session = await this.#sessionOf(credentials, client)
    const { token, lifetime } = await tokens.issue(session, 'access')
    const answer = { identity: session.identity, token, lifetime }
    // A token of an issuer is short-lived on purpose.
    const lasting = session.identity.kind === 'user' || session.identity.kind === 'robot'
    if (!offline || !lasting) return answer
    return { ...answer, refreshToken: (await tokens.issue(session, 'refresh')).token }
  }

  /** @returns what the rules say for each platform */
  decide(identity: Identity, { architectures, ...wanted }: WantedImage): ReadonlyMap<Architecture, Decision> {
    const { policy } = this.#parts.policy
    return new Map(
      architectures.map((one) => [one, decide(policy, identity, { ...wanted, architecture: one })]),
    )
  }

  /** The platforms for which somebody may pull an image. @throws AccessDenied if there is none */
  allow(identity: Identity, wanted: WantedImage): readonly Architecture[] {
    const decisions = [...this.decide(identity, wanted)]
    const allowed = decisions.flatMap(([architecture, { allowed }]) => (allowed ? [architecture] : []))
    if (allowed.length > 0) return allowed
    const [first] = decisions.map(([, decision]) => decision)
    const { message, rule } = first && !first.allowed ? first : { message: 'this is not allowed', rule: '' }
    throw new AccessDenied(message, nameOf(identity), rule)
  }

  /** Whether the decision can be another one when the packages are evaluated. */
  get dependsOnEvaluation(): boolean {
    return dependsOnEvaluation(this.#parts.policy.policy)
  }

  /** Whether somebody may pull an image for some platform. */
  allows(identity: Identity, wanted: WantedImage): boolean {
    return [...this.decide(identity, wanted).values()].some(({ allowed }) => allowed)
  }

  async #sessionOf(credentials: Credentials, client: string): Promise<Session> {
    if (credentials?.kind === 'password') return this.#verify(credentials.user, credentials.password, client)
    if (credentials?.kind === 'refresh') {
      // Clients send whatever they keep as a lasting token in this way, also a token of an issuer or a robot.
      const { token } = credentials
      if (this.#isToken(token)) return this.#verify('', token, client)
      const session = await this.#parts.tokens.verify(token, 'refresh')
      await this.#recheck(session)
      return session
    }
    const session = { identity: anonymous, credential: '' }
    await this.#recheck(session)
    return session
  }

  #isToken(password: string): boolean {
    if (password.startsWith(robotTokenPrefix)) return true
    if (!isIssuedToken(password)) return false
    return issuerIn(password) !== 'nixery'
  }

  /** @throws Unauthenticated */
  async #verify(user: string, password: string, client: string): Promise<Session> {
    const { policy, passwords, robots, issuers } = this.#parts
    if (password.startsWith(robotTokenPrefix)) {
      const robot = await robots.verify(password)
      if (!robot) throw new Unauthenticated('the token is wrong, was revoked or has expired')
      const expires = robot.expires === undefined ? undefined : Math.floor(robot.expires / 1000)
      return { identity: { kind: 'robot', name: robot.name }, credential: robot.id, expires }
    }
    if (isIssuedToken(password)) {
      const { identity, expires } = await issuers.verify(password, policy.policy.issuers)
      return { identity, credential: identity.issuer, expires }
    }
    const { users } = policy.policy
    if (!(await passwords.verify(users, user, password, client)))
      throw new Unauthenticated('the user name or the password is wrong')
    return { identity: { kind: 'user', name: user }, credential: fingerprint(users.get(user) ?? '') }
  }

  /** The credential behind a token may have gone since the token was issued. @throws Unauthenticated */
  async #recheck({ identity, credential }: Session): Promise<void> {
    if (!(await this.#isValid(identity, credential)))
      throw new Unauthenticated('the credentials behind the token are not valid any more')
  }

  async #isValid(identity: Identity, credential: string): Promise<boolean> {
    const { policy } = this.#parts.policy
    switch (identity.kind) {
      case 'anonymous':
        if (!policy.anonymous)
          throw new Unauthenticated('this registry is not open to anonymous clients: log in')
        return true
      case 'user': {
        const hash = policy.users.get(identity.name)
        return hash !== undefined && fingerprint(hash) === credential
      }
      case 'robot':
        return (await this.#parts.robots.valid(credential)) !== undefined
      case 'oidc':
        return policy.issuers.some(({ name }) => name === identity.issuer)
    }
  }
}

function fingerprint(hash: string): string {
  return createHash('sha256').update(hash).digest('hex').slice(0, 16)
}

function issuerIn(token: string): unknown {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return typeof parsed === 'object' && parsed !== null && 'iss' in parsed ? parsed.iss : undefined
  } catch {
    return undefined
  }
}
