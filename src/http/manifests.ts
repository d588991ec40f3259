import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BlobUnknown, ManifestUnknown } from '../errors.ts'
import { parseImageName, type ImageRequest } from '../image/name.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { parseJson } from '../oci/parse.ts'
import { readWhole } from '../storage/readWhole.ts'
import { chooseMediaType } from './accept.ts'
import { hasAlready, identify, immutable, revalidate } from './conditional.ts'
import type { HttpParts } from './parts.ts'
import { parseReference } from './reference.ts'

/** No manifest is larger; what is, is a layer (OCI distribution-spec, "Pushing manifests": at least 4 MiB). */
const largestManifest = 4 << 20

const kinds: ReadonlySet<string> = new Set([
  mediaTypes.ociManifest,
  mediaTypes.ociIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
])
const typed = z.object({ mediaType: z.string().refine((type) => kinds.has(type)) })

export interface Asked {
  readonly name: string
  readonly reference: string
}

/** `GET` and `HEAD /v2/<name>/manifests/<reference>`. A tag is built when it is not known, for both methods. */
export async function sendManifest(
  parts: Pick<HttpParts, 'images' | 'forms' | 'blobs' | 'leases'>,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const image = parseImageName(asked.name)
  const reference = parseReference(asked.reference)
  const byTag = reference.kind === 'tag'
  if (byTag) void reply.header('vary', 'accept')
  const manifest = byTag
    ? await readTag(parts, image, reference.tag, request.headers.accept)
    : await readManifest(parts, reference.digest)
  const { mediaType, digest, size } = manifest.descriptor
  identify(reply, digest, byTag ? revalidate : immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  void reply.headers({ 'content-type': mediaType, 'content-length': size })
  return request.method === 'HEAD' ? reply.send() : reply.send(manifest.bytes)
}

/** The form of an image that the client wants most. Where a part of it got lost, the image is made anew. */
async function readTag(
  { images, forms, leases }: Pick<HttpParts, 'images' | 'forms' | 'leases'>,
  image: ImageRequest,
  tag: string,
  accept: string | undefined,
): Promise<Encoded> {
  const read = async () => {
    const tagged = await images.get(image, tag)
    const manifest = await forms.encode(tagged, chooseMediaType(accept, forms.offers(tagged)))
    if (!(await leases.lease(manifest))) throw new BlobUnknown(manifest.descriptor.digest)
    return manifest
  }
  return read().catch((error: unknown) => {
    if (!(error instanceof BlobUnknown)) throw error
    forget({ images, forms }, error)
    return read()
  })
}

/** What names a blob that is not there is not answered out of memory any more. */
export function forget(
  { images, forms }: Pick<HttpParts, 'images' | 'forms'>,
  { digest }: BlobUnknown,
): void {
  images.forget(digest)
  forms.forget(digest)
}

/** A manifest is only shown while all that it names is there, and stays. */
async function readManifest(
  { blobs, leases }: Pick<HttpParts, 'blobs' | 'leases'>,
  digest: Digest,
): Promise<Encoded> {
  const size = (await blobs.stat(digest))?.size
  if (size === undefined || size > largestManifest) throw new ManifestUnknown(digest)
  const bytes = await readWhole(blobs, digest)
  const mediaType = bytes && mediaTypeOf(bytes)
  if (bytes === undefined || mediaType === undefined) throw new ManifestUnknown(digest)
  const manifest = { descriptor: { mediaType, digest, size: bytes.length }, bytes }
  if (!(await leases.lease(manifest))) throw new ManifestUnknown(digest)
  return manifest
}

/** A manifest says itself what it is; blobs of other kinds are no JSON, or say nothing. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined
  return typed.safeParse(parseJson(bytes)).data?.mediaType
}
