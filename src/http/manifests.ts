import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseImageName } from '../image/name.ts'
import { chooseMediaType } from './accept.ts'
import { clientKey } from './clientKey.ts'
import { leftSignal } from './clientLeft.ts'
import { hasAlready, identify, immutable, privateImmutable, revalidate } from './conditional.ts'
import { requireContent } from './content.ts'
import type { Asker } from './gate.ts'
import type { HttpParts } from './parts.ts'
import { parseReference } from './reference.ts'

/** The name and the reference in a path, not checked yet. */
export interface RequestedContent {
  readonly name: string
  readonly reference: string
}

/**
 * `GET` and `HEAD /v2/<name>/manifests/<reference>`. Both methods build the image of a tag if it is unknown.
 */
export async function sendManifest(
  { images, audit }: Pick<HttpParts, 'images' | 'audit'>,
  requested: RequestedContent,
  request: FastifyRequest,
  reply: FastifyReply,
  asker: Asker | undefined,
): Promise<FastifyReply> {
  const image = parseImageName(requested.name)
  const reference = parseReference(requested.reference)
  const byTag = reference.kind === 'tag'
  if (byTag) void reply.header('vary', 'accept')
  else await requireContent(images, asker, image, reference.digest, 'manifest')
  const allowed = byTag ? asker?.allow(image, reference.tag) : undefined
  const manifest = byTag
    ? await images.manifestByTag(
        image,
        reference.tag,
        (offers) => chooseMediaType(request.headers.accept, offers),
        {
          only: allowed,
          check: byTag ? asker?.checkOf(image, reference.tag) : undefined,
          client: clientKey(request, asker?.identity),
          left: leftSignal(reply),
        },
      )
    : await images.manifestByDigest(reference.digest)
  const { mediaType, digest, size } = manifest.descriptor
  audit.pulled(request, asker, { image: image.name, tag: byTag ? reference.tag : undefined, digest })
  identify(reply, digest, byTag ? revalidate : asker ? privateImmutable : immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  void reply.headers({ 'content-type': mediaType, 'content-length': size })
  return request.method === 'HEAD' ? reply.send() : reply.send(manifest.bytes)
}
