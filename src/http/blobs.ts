import type { FastifyReply, FastifyRequest } from 'fastify'
import { BlobUnknown } from '../errors.ts'
import { parseImageName } from '../image/name.ts'
import type { Digest } from '../oci/digest.ts'
import { blobKey } from '../storage/layout.ts'
import { chunksOf, streamOf, type Piece } from './body.ts'
import { hasAlready, identify, immutable } from './conditional.ts'
import { RequestError } from './errors.ts'
import type { Asked } from './manifests.ts'
import type { HttpParts } from './parts.ts'
import { multipartRanges } from './multipart.ts'
import { parseRange, type RangeAnswer } from './range.ts'
import { parseDigest } from './reference.ts'
import { sendChunks, type Head } from './sendChunks.ts'
import { endWhenStalled } from './stalled.ts'
import { turnOf } from './turn.ts'

type Parts = Pick<
  HttpParts,
  'blobs' | 'files' | 'sendBuffers' | 'urls' | 'holds' | 'accelRedirect' | 'transportEncoding'
>

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`. */
export async function sendBlob(
  parts: Parts,
  asked: Asked,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  parseImageName(asked.name)
  const digest = parseDigest(asked.reference)
  const found = await parts.blobs.stat(digest)
  if (!found) throw new BlobUnknown(digest)
  parts.holds.touch(digest)
  identify(reply, digest, immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  const head = request.method === 'HEAD'
  const link = await parts.urls?.url(digest)
  if (link && !head) return redirect(reply, link)
  void reply.headers({ 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' })
  // A range of a HEAD means nothing (RFC 9110, 14.2).
  const range = parseRange(head ? undefined : validRange(request, digest), found.size)
  // Storage that is linked to sends what it has: nothing is compressed on the way.
  if (range.kind === 'whole' && !link) {
    const coding = await transportCoding(parts, digest, found.size, request, reply)
    if (coding !== undefined) return sendEncoded(parts, digest, coding, head, reply)
  }
  if (head) return reply.header('content-length', found.size).send()
  if (range.kind === 'outside') throw unsatisfiable(request, found.size)
  if (parts.accelRedirect !== undefined) return handOff(parts.accelRedirect, digest, reply)
  if (!(await turnOf(reply.raw))) return reply.hijack()
  endWhenStalled(reply)
  return sendRange(parts, digest, found.size, range, request, reply)
}

/** The link expires, so nobody may keep the answer. A client asks the link for the range that it wants. */
function redirect(reply: FastifyReply, link: URL): FastifyReply {
  return reply.code(307).headers({ location: link.href, 'cache-control': 'no-store' }).send()
}

/** The nginx in front sends the file in place of this answer, or the range of it that the client asked for. */
function handOff(prefix: string, digest: Digest, reply: FastifyReply): FastifyReply {
  return reply.header('x-accel-redirect', `${prefix}${blobKey(digest)}`).send()
}

async function sendRange(
  { blobs, files, sendBuffers }: Parts,
  digest: Digest,
  size: number,
  range: Exclude<RangeAnswer, { kind: 'outside' }>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { pieces, ...head } = describe(range, size)
  const file = await files?.file(digest)
  if (file) return sendChunks(chunksOf(file, pieces, sendBuffers), head, request, reply)
  const body = range.kind === 'whole' ? blobs.open(digest) : streamOf(blobs, digest, pieces)
  return reply
    .code(head.status)
    .headers(head.headers)
    .send(await body)
}

/** What is sent for a range, and as what. */
function describe(
  range: Exclude<RangeAnswer, { kind: 'outside' }>,
  size: number,
): Head & { readonly pieces: readonly Piece[] } {
  switch (range.kind) {
    case 'whole':
      return { status: 200, headers: { 'content-length': size }, pieces: [{ start: 0, end: size - 1 }] }
    case 'part': {
      const { start, end } = range.bounds
      const headers = { 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${size}` }
      return { status: 206, headers, pieces: [range.bounds] }
    }
    case 'parts': {
      const { contentType, length, pieces } = multipartRanges(range.bounds, size)
      return { status: 206, headers: { 'content-length': length, 'content-type': contentType }, pieces }
    }
  }
}

/** The coding in which the client gets a blob that is stored uncompressed. */
async function transportCoding(
  { transportEncoding }: Parts,
  digest: Digest,
  size: number,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | undefined> {
  if (!(await transportEncoding.appliesTo(digest, size))) return undefined
  void reply.header('vary', 'accept-encoding')
  const header = request.headers['accept-encoding']
  return transportEncoding.choose(Array.isArray(header) ? header.join() : header)
}

/** The bytes are others, so the entity tag is weak (RFC 9110, 8.8.1); the digest stays that of the content. */
async function sendEncoded(
  { blobs, transportEncoding }: Parts,
  digest: Digest,
  coding: string,
  head: boolean,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.headers({ 'content-encoding': coding, etag: `W/"${digest}"`, 'accept-ranges': 'none' })
  if (head) return reply.send()
  if (!(await turnOf(reply.raw))) return reply.hijack()
  endWhenStalled(reply)
  return reply.send(transportEncoding.encode(await blobs.open(digest), coding))
}

/** A range counts only for the content that the client has a part of (RFC 9110, 13.1.5). */
function validRange(request: FastifyRequest, digest: Digest): string | undefined {
  const condition = request.headers['if-range']
  return condition === undefined || condition === `"${digest}"` ? request.headers.range : undefined
}

function unsatisfiable(request: FastifyRequest, size: number): RequestError {
  return new RequestError({
    status: 416,
    // The specification has no code of its own; this is the one of the registry it grew out of.
    code: 'RANGE_INVALID',
    message: `the range ${request.headers.range ?? ''} is outside of the blob's ${size} bytes`,
    headers: { 'content-range': `bytes */${size}` },
  })
}
