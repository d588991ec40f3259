import type { FastifyReply, FastifyRequest } from 'fastify'
import { BlobUnknown } from '../errors.ts'
import { parseImageName } from '../image/name.ts'
import type { Digest } from '../oci/digest.ts'
import { hasAlready, identify, immutable } from './conditional.ts'
import { RequestError } from './errors.ts'
import type { Asked } from './manifests.ts'
import type { HttpParts } from './parts.ts'
import { parseRange } from './range.ts'
import { parseDigest } from './reference.ts'

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`. */
export async function sendBlob(
  { images, blobs }: Pick<HttpParts, 'images' | 'blobs'>,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parseImageName(asked.name)
  const digest = parseDigest(asked.reference)
  const found = await blobs.stat(digest)
  if (!found) {
    images.forget(digest)
    throw new BlobUnknown(digest)
  }
  identify(reply, digest, immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  void reply.headers({ 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' })
  if (request.method === 'HEAD') return reply.header('content-length', found.size).send()

  const range = parseRange(validRange(request, digest), found.size)
  if (range.kind === 'outside') throw unsatisfiable(request, found.size)
  if (range.kind === 'whole') {
    return reply.header('content-length', found.size).send(await blobs.open(digest))
  }
  const { start, end } = range.bounds
  void reply
    .code(206)
    .headers({ 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${found.size}` })
  return reply.send(await blobs.open(digest, range.bounds))
}

/** A range counts only for the content that the client has a part of (RFC 9110, 13.1.5). */
function validRange(request: FastifyRequest, digest: Digest): string | undefined {
  const condition = request.headers['if-range']
  return condition === undefined || condition === `"${digest}"` ? request.headers.range : undefined
}

function unsatisfiable(request: FastifyRequest, size: number): RequestError {
  return new RequestError({
    status: 416,
    code: 'BLOB_UNKNOWN',
    message: `the range ${request.headers.range ?? ''} is outside of the blob's ${size} bytes`,
    headers: { 'content-range': `bytes */${size}` },
  })
}
