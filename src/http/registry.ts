import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendBlob } from './blobs.ts'
import { revalidate } from './conditional.ts'
import { RequestError } from './errors.ts'
import { sendCatalog, sendReferrers, sendTags } from './lists.ts'
import { sendManifest } from './manifests.ts'
import { admit } from './gate.ts'
import { apiVersion, parseRegistryPath } from './registryPath.ts'
import type { HttpParts } from './parts.ts'
import { tokenPath } from './tokenRoute.ts'

/**
 * The read side of the OCI distribution-spec. Nobody can push. Other methods are answered with the allowed
 * ones.
 */
export function registerRegistry(server: FastifyInstance, parts: HttpParts): void {
  server.addHook('onRequest', async (request, reply) => {
    // Answers with content say later how long they may be cached. All others must be requested again.
    void reply.headers({ ...registryHeaders(request.url), 'cache-control': revalidate })
    // This comes before anything reads the body, which may have any type and size.
    if (parts.gate && request.routeOptions.url === tokenPath) return
    if (request.method !== 'GET' && request.method !== 'HEAD') throw notWritable(request)
  })
  const answer = (request: FastifyRequest, reply: FastifyReply) => respond(parts, request, reply)
  server.all('/v2', answer)
  server.all('/v2/*', answer)
}

/** Headers of every answer below `/v2`, errors included. */
export function registryHeaders(url: string): Readonly<Record<string, string>> {
  return url.startsWith('/v2') ? apiVersion : {}
}

async function respond(
  parts: HttpParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // The path as it was sent. The router has decoded its own copy.
  const requested = parseRegistryPath(request.raw.url ?? '')
  if (requested.kind === 'unknown') throw nothingAt(request.url)
  const asker = parts.gate && (await admit(parts.gate, requested, request))
  switch (requested.kind) {
    case 'base':
      return reply.header('content-type', 'application/json').send(Buffer.from('{}'))
    case 'manifest':
      return sendManifest(parts, requested, request, reply, asker)
    case 'blob':
      return sendBlob(parts, requested, request, reply, asker)
    case 'catalog':
      return sendCatalog(parts, request, reply, asker)
    case 'tags':
      return sendTags(parts, requested.name, request, reply, asker)
    case 'referrers':
      return sendReferrers(requested.name, requested.reference, request, reply, asker)
    case 'upload':
      throw readOnly('reading an upload')
  }
}

function notWritable({ method, raw }: FastifyRequest): RequestError {
  const url = raw.url ?? ''
  return parseRegistryPath(url).kind === 'unknown' ? nothingAt(url) : readOnly(method)
}

export function nothingAt(url: string): RequestError {
  return new RequestError({ status: 404, code: 'NOT_FOUND', message: `there is nothing at ${url}` })
}

function readOnly(method: string): RequestError {
  return new RequestError({
    status: 405,
    code: 'UNSUPPORTED',
    message: `${method} is not possible: images are built when they are pulled, nobody pushes or deletes them`,
    headers: { allow: 'GET, HEAD' },
  })
}
