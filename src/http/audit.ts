import type { FastifyRequest } from 'fastify'
import { nameOf } from '../access/identity.ts'
import { AccessDenied } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Digest } from '../oci/digest.ts'
import type { Asker } from './gate.ts'

/** What was pulled. */
interface PulledManifest {
  readonly image: string
  /** Undefined: the client asked by digest. */
  readonly tag: string | undefined
  readonly digest: Digest
}

/** Lines of the log that answer "who pulled what?" and "who was refused?". Each has the field `audit`. */
export class Audit {
  readonly #logger: Logger
  readonly #pulls: boolean

  /** @param pulls whether each manifest that is answered gets a line, too */
  constructor(logger: Logger, { pulls }: { readonly pulls: boolean }) {
    this.#logger = logger
    this.#pulls = pulls
  }

  /** A manifest is answered. Its blobs may go past the server. */
  pulled(request: FastifyRequest, asker: Asker | undefined, what: PulledManifest): void {
    if (!this.#pulls || request.method === 'HEAD') return
    const who = asker ? nameOf(asker.identity) : 'anyone'
    this.#logger.info({ audit: 'pulled', who, ...clientOf(request), ...what }, 'a manifest was pulled')
  }

  /** A request fails. Only refusals of the rules get a line. */
  failed(request: FastifyRequest, error: unknown): void {
    if (!(error instanceof AccessDenied)) return
    const { who, rule, message } = error
    const line = { audit: 'refused', who, rule, ...clientOf(request), url: request.url, fault: message }
    this.#logger.warn(line, 'the rules refused a request')
  }
}

/** The address of the client, and the user that a trusted proxy names. */
function clientOf(request: FastifyRequest): { readonly client: string; readonly forwardedUser?: string } {
  const user = request.headers['x-forwarded-user']
  // `ips` has several addresses only if the request came by way of a trusted proxy.
  const trusted = (request.ips?.length ?? 0) > 1
  return { client: request.ip, ...(trusted && typeof user === 'string' ? { forwardedUser: user } : {}) }
}
