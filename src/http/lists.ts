import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { parseImageName } from '../image/name.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { pageOf, type Page } from './paging.ts'
import type { Asker } from './gate.ts'
import type { HttpParts } from './parts.ts'
import { parseDigest } from './reference.ts'

/** `GET /v2/_catalog`: the images that were built. */
export async function sendCatalog(
  { images }: Pick<HttpParts, 'images'>,
  request: FastifyRequest,
  reply: FastifyReply,
  asker: Asker | undefined,
): Promise<FastifyReply> {
  const names = await images.names()
  const visible = asker ? names.filter((name) => asker.allows(parseImageName(name), undefined)) : names
  const page = pageOf(visible, request.query, '/v2/_catalog')
  return send(reply, page, { repositories: page.items })
}

/** `GET /v2/<name>/tags/list`: the tags that were built, and `latest`, which every valid name has. */
export async function sendTags(
  { images }: Pick<HttpParts, 'images'>,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
  asker: Asker | undefined,
): Promise<FastifyReply> {
  const image = parseImageName(name)
  asker?.allow(image, undefined)
  const tags = await images.tags(image)
  const visible = asker ? tags.filter((tag) => asker.allows(image, tag)) : tags
  const page = pageOf(visible, request.query, `/v2/${name}/tags/list`)
  return send(reply, page, { name, tags: page.items })
}

const filter = z.object({ artifactType: z.string() })

/**
 * `GET /v2/<name>/referrers/<digest>`: nothing refers to an image yet (OCI distribution-spec, "Listing
 * Referrers").
 */
export function sendReferrers(
  name: string,
  reference: string,
  request: FastifyRequest,
  reply: FastifyReply,
  asker: Asker | undefined,
): FastifyReply {
  const image = parseImageName(name)
  asker?.allow(image, undefined)
  parseDigest(reference)
  if (filter.safeParse(request.query).success) void reply.header('oci-filters-applied', 'artifactType')
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }
  return reply.header('content-type', mediaTypes.ociIndex).send(Buffer.from(JSON.stringify(index)))
}

function send(reply: FastifyReply, { link }: Page, body: object): FastifyReply {
  if (link !== undefined) void reply.header('link', link)
  return reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(body)))
}
