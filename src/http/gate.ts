import type { FastifyRequest } from 'fastify'
import type { Access, WantedImage } from '../access/access.ts'
import type { Identity } from '../access/identity.ts'
import type { Evaluated } from '../access/policy.ts'
import { Unauthenticated } from '../errors.ts'
import { namedPackages, type ImageRequest } from '../image/name.ts'
import type { Architecture } from '../oci/platform.ts'
import { networkOf } from './clientKey.ts'
import { RequestError } from './errors.ts'
import type { RegistryPath } from './registryPath.ts'

/** What the routes need to know who may have what. */
export interface GateParts {
  readonly access: Access
  /** The platforms of names that do not name one. */
  readonly architectures: readonly Architecture[]
  /** The address that clients know the registry by. Undefined: the one that they sent the request to. */
  readonly publicUrl: string | undefined
}

/** The sender of a request, whose credentials were verified, and what the rules allow him. */
export class Asker {
  readonly identity: Identity
  readonly #parts: GateParts

  constructor(identity: Identity, parts: GateParts) {
    this.identity = identity
    this.#parts = parts
  }

  /** The platforms for which they may pull an image. @throws AccessDenied */
  allow(image: ImageRequest, tag: string | undefined, evaluated?: Evaluated): readonly Architecture[] {
    return this.#parts.access.allow(this.identity, { ...this.#wanted(image, tag), evaluated })
  }

  /** Whether they may pull an image for any platform. */
  allows(image: ImageRequest, tag: string | undefined, evaluated?: Evaluated): boolean {
    return this.#parts.access.allows(this.identity, { ...this.#wanted(image, tag), evaluated })
  }

  /**
   * Decides about an image when its packages are evaluated. Undefined if the rules cannot decide differently
   * then.
   */
  checkOf(image: ImageRequest, tag: string) {
    const { access } = this.#parts
    if (!access.dependsOnEvaluation) return undefined
    return (evaluated: Evaluated, architecture: Architecture) =>
      void access.allow(this.identity, {
        ...this.#wanted(image, tag),
        architectures: [architecture],
        evaluated,
      })
  }

  #wanted(image: ImageRequest, tag: string | undefined): WantedImage {
    const named = namedPackages(image)
    const architectures = image.architecture ? [image.architecture] : this.#parts.architectures
    return { packages: named.length > 0 ? named : image.packages, tag, architectures }
  }
}

/**
 * Finds out who sends a request below `/v2`.
 * @throws RequestError 401 that tells the client where to get a token; TooManyRequests, StorageFailed
 */
export async function admit(
  parts: GateParts,
  requested: RegistryPath,
  request: FastifyRequest,
): Promise<Asker> {
  try {
    return new Asker(await parts.access.identify(request.headers.authorization, networkOf(request.ip)), parts)
  } catch (error) {
    if (!(error instanceof Unauthenticated)) throw error
    throw challenge(parts, error, requested, request)
  }
}

/** RFC 6750, 3, in the form that Docker's clients read: realm, service and scope. */
function challenge(
  { publicUrl }: GateParts,
  { message }: Unauthenticated,
  requested: RegistryPath,
  request: FastifyRequest,
): RequestError {
  const address = publicUrl ?? `${request.protocol}://${hostOf(request)}`
  const scope = scopeOf(requested)
  const parameters = [
    `realm="${address}/token"`,
    `service="${new URL(address).host}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    // A client whose token has expired fetches a new one when it reads this.
    ...(request.headers.authorization === undefined ? [] : ['error="invalid_token"']),
  ]
  return new RequestError({
    status: 401,
    code: 'UNAUTHORIZED',
    message,
    headers: { 'www-authenticate': `Bearer ${parameters.join(',')}` },
  })
}

/** The host as the client wrote it, if it looks like one. Nothing else may get into the header. */
function hostOf({ host }: FastifyRequest): string {
  return /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(host) ? host : 'localhost'
}

function scopeOf(requested: RegistryPath): string | undefined {
  if (requested.kind === 'catalog') return 'registry:catalog:*'
  // A name that breaks the grammar is refused before it could get here into a header.
  return 'name' in requested && /^[\w./-]+$/.test(requested.name)
    ? `repository:${requested.name}:pull`
    : undefined
}
