import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Digest } from '../oci/digest.ts'

/**
 * Content with a digest never changes, so it may be cached for ever. What a tag means may change at any time.
 */
export const immutable = 'public, max-age=31536000, immutable'
/** Caches that several people share must not answer: who may have the content is decided for each. */
export const privateImmutable = 'private, max-age=31536000, immutable'
export const revalidate = 'no-cache'

/** Sets the headers that identify content by its digest. They are the same for HEAD and GET. */
export function identify(reply: FastifyReply, digest: Digest, cacheControl: string): void {
  void reply.headers({
    'docker-content-digest': digest,
    etag: `"${digest}"`,
    'cache-control': cacheControl,
  })
}

/** Whether the client already has the content (RFC 9110, 13.1.2). */
export function hasAlready(request: FastifyRequest, digest: Digest): boolean {
  const header = request.headers['if-none-match']
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(`"${digest}"`)
}
