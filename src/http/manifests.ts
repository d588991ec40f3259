import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BlobUnknown } from '../errors.ts'
import { parseImageName } from '../image/name.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import { chooseMediaType } from './accept.ts'
import { hasAlready, identify, immutable, revalidate } from './conditional.ts'
import { RequestError } from './errors.ts'
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
  parts: Pick<HttpParts, 'images' | 'forms' | 'blobs' | 'holds'>,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const image = parseImageName(asked.name)
  const reference = parseReference(asked.reference)
  const byTag = reference.kind === 'tag'
  if (byTag) void reply.header('vary', 'accept')
  const manifest = byTag
    ? await accepted(parts, await parts.images.get(image, reference.tag), request.headers.accept)
    : await readManifest(parts.blobs, reference.digest)
  if (!(await parts.holds.hold(manifest))) throw unknownManifest(manifest.descriptor.digest)
  const { mediaType, digest, size } = manifest.descriptor
  identify(reply, digest, byTag ? revalidate : immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  void reply.headers({ 'content-type': mediaType, 'content-length': size })
  return request.method === 'HEAD' ? reply.send() : reply.send(manifest.bytes)
}

type Tagged = Awaited<ReturnType<HttpParts['images']['get']>>

/** The form of an image that the client wants most. */
function accepted(
  { forms }: Pick<HttpParts, 'forms'>,
  tagged: Tagged,
  accept: string | undefined,
): Promise<Encoded> {
  return forms.encode(tagged, chooseMediaType(accept, forms.offers(tagged)))
}

async function readManifest(blobs: BlobStore, digest: Digest): Promise<Encoded> {
  const size = (await blobs.stat(digest))?.size
  if (size === undefined || size > largestManifest) throw unknownManifest(digest)
  const bytes = await buffer(await blobs.open(digest)).catch((error: unknown) => {
    throw error instanceof BlobUnknown ? unknownManifest(digest) : error
  })
  const mediaType = mediaTypeOf(bytes)
  if (mediaType === undefined) throw unknownManifest(digest)
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes }
}

/** A manifest says itself what it is; blobs of other kinds are no JSON, or say nothing. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined
  try {
    return typed.safeParse(JSON.parse(bytes.toString())).data?.mediaType
  } catch {
    return undefined
  }
}

function unknownManifest(digest: Digest): RequestError {
  const message = `no manifest ${digest} is stored here: pull by tag, and it is built`
  return new RequestError({ status: 404, code: 'MANIFEST_UNKNOWN', message, detail: { digest } })
}
