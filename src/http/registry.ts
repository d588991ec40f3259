import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendBlob } from './blobs.ts'
import { RequestError } from './errors.ts'
import { sendCatalog, sendReferrers, sendTags } from './lists.ts'
import { sendManifest } from './manifests.ts'
import { parseRegistryPath } from './registryPath.ts'
import type { HttpParts } from './parts.ts'

/** The read side of the OCI distribution-spec. Nobody pushes: all else is answered with what is allowed. */
export function registerRegistry(server: FastifyInstance, parts: HttpParts): void {
  server.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/v2')) void reply.header('docker-distribution-api-version', 'registry/2.0')
  })
  const answer = (request: FastifyRequest, reply: FastifyReply) => respond(parts, request, reply)
  server.all('/v2', answer)
  server.all('/v2/*', answer)
}

async function respond(
  parts: HttpParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // The path as it came: the router has decoded its own copy.
  const asked = parseRegistryPath(request.raw.url ?? '')
  if (asked.kind === 'unknown') {
    throw new RequestError({ status: 404, code: 'NOT_FOUND', message: `there is nothing at ${request.url}` })
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw readOnly(request.method)
  switch (asked.kind) {
    case 'base':
      return reply
        .header('content-type', 'application/json')
        .send(request.method === 'HEAD' ? undefined : '{}')
    case 'manifest':
      return sendManifest(parts, asked, request, reply)
    case 'blob':
      return sendBlob(parts, asked, request, reply)
    case 'catalog':
      return sendCatalog(parts, request, reply)
    case 'tags':
      return sendTags(parts, asked.name, request, reply)
    case 'referrers':
      return sendReferrers(asked.name, asked.reference, request, reply)
    case 'upload':
      throw readOnly('reading an upload')
  }
}

function readOnly(method: string): RequestError {
  return new RequestError({
    status: 405,
    code: 'UNSUPPORTED',
    message: `${method} is not possible: images are built when they are pulled, nobody pushes or deletes them`,
    headers: { allow: 'GET, HEAD' },
  })
}
