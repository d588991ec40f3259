import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseImageName } from '../image/name.ts'
import type { ServedBlob } from '../images/servedBlob.ts'
import type { Digest } from '../oci/digest.ts'
import { chunksOf, streamOf, type BodyPiece } from './body.ts'
import { hasAlready, identify, immutable, privateImmutable } from './conditional.ts'
import { requireContent } from './content.ts'
import { RequestError } from './errors.ts'
import type { Asker } from './gate.ts'
import type { RequestedContent } from './manifests.ts'
import { multipartRanges } from './multipart.ts'
import type { HttpParts } from './parts.ts'
import { awaitPipelineOrder } from './pipelineOrder.ts'
import { parseRangeHeader, type RangeAnswer } from './rangeHeader.ts'
import { parseDigest } from './reference.ts'
import { sendChunks, type Head } from './sendChunks.ts'
import type { SendBuffers } from './sendBuffers.ts'
import { endWhenStalled } from './stalled.ts'
import type { TransportEncoding } from './transportEncoding.ts'

type Parts = Pick<HttpParts, 'images' | 'sendBuffers' | 'accelRedirect' | 'transportEncoding'>

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`. */
export async function sendBlob(
  { images, sendBuffers, accelRedirect, transportEncoding }: Parts,
  requested: RequestedContent,
  request: FastifyRequest,
  reply: FastifyReply,
  asker: Asker | undefined,
): Promise<FastifyReply> {
  const image = parseImageName(requested.name)
  const digest = parseDigest(requested.reference)
  await requireContent(images, asker, image, digest, 'blob')
  const blob = await images.blob(digest)
  identify(reply, digest, asker ? privateImmutable : immutable)
  if (hasAlready(request, digest)) return reply.code(304).send()
  const head = request.method === 'HEAD'
  const link = await blob.link()
  if (link && !head) return redirect(reply, link)
  void reply.headers({ 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' })
  // The Range header of a HEAD request is ignored (RFC 9110, 14.2).
  const range = parseRangeHeader(head ? undefined : validRange(request, digest), blob.size)
  // Clients that follow a link get the stored bytes, so HEAD must not announce compressed ones.
  if (range.kind === 'whole' && !link) {
    const coding = await transportCoding(transportEncoding, blob, request, reply)
    if (coding !== undefined) return sendEncoded(transportEncoding, blob, coding, head, reply)
  }
  if (head) return reply.header('content-length', blob.size).send()
  if (range.kind === 'outside') throw unsatisfiable(request, blob.size)
  if (accelRedirect !== undefined) return handOff(accelRedirect, blob, reply)
  if (!(await awaitPipelineOrder(reply.raw))) return reply.hijack()
  endWhenStalled(reply)
  return sendRange(blob, range, sendBuffers, request, reply)
}

/**
 * The link expires, so the answer must not be cached. The client asks the link for the range that it wants.
 */
function redirect(reply: FastifyReply, link: URL): FastifyReply {
  return reply.code(307).headers({ location: link.href, 'cache-control': 'no-store' }).send()
}

/** The nginx in front replaces this answer by the file, or by the range of it that the client asked for. */
function handOff(prefix: string, { path }: ServedBlob, reply: FastifyReply): FastifyReply {
  return reply.header('x-accel-redirect', `${prefix}${path}`).send()
}

async function sendRange(
  blob: ServedBlob,
  range: Exclude<RangeAnswer, { kind: 'outside' }>,
  sendBuffers: SendBuffers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { pieces, ...head } = describe(range, blob.size)
  const file = await blob.file()
  if (file) return sendChunks(chunksOf(file, pieces, sendBuffers), head, request, reply)
  const body = range.kind === 'whole' ? blob.open() : streamOf(blob, pieces)
  return reply
    .code(head.status)
    .headers(head.headers)
    .send(await body)
}

/** Status, headers and body for a range. */
function describe(
  range: Exclude<RangeAnswer, { kind: 'outside' }>,
  size: number,
): Head & { readonly pieces: readonly BodyPiece[] } {
  switch (range.kind) {
    case 'whole':
      return { status: 200, headers: { 'content-length': size }, pieces: [{ start: 0, end: size - 1 }] }
    case 'part': {
      const { start, end } = range.range
      const headers = { 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${size}` }
      return { status: 206, headers, pieces: [range.range] }
    }
    case 'parts': {
      const { contentType, length, pieces } = multipartRanges(range.ranges, size)
      return { status: 206, headers: { 'content-length': length, 'content-type': contentType }, pieces }
    }
  }
}

/** The coding in which the client gets a blob that is stored uncompressed. */
async function transportCoding(
  transportEncoding: TransportEncoding,
  blob: ServedBlob,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<string | undefined> {
  if (!(await transportEncoding.appliesTo(blob))) return undefined
  void reply.header('vary', 'accept-encoding')
  const header = request.headers['accept-encoding']
  return transportEncoding.choose(Array.isArray(header) ? header.join() : header)
}

/**
 * The entity tag is weak because the sent bytes differ (RFC 9110, 8.8.1). The digest is still that of the
 * content.
 */
async function sendEncoded(
  transportEncoding: TransportEncoding,
  blob: ServedBlob,
  coding: string,
  head: boolean,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.headers({ 'content-encoding': coding, etag: `W/"${blob.digest}"`, 'accept-ranges': 'none' })
  if (head) return reply.send()
  if (!(await awaitPipelineOrder(reply.raw))) return reply.hijack()
  endWhenStalled(reply)
  return reply.send(transportEncoding.encode(await blob.open(), coding))
}

/** A range counts only if the client already has another part of the same content (RFC 9110, 13.1.5). */
function validRange(request: FastifyRequest, digest: Digest): string | undefined {
  const condition = request.headers['if-range']
  return condition === undefined || condition === `"${digest}"` ? request.headers.range : undefined
}

function unsatisfiable(request: FastifyRequest, size: number): RequestError {
  return new RequestError({
    status: 416,
    // The specification has no code for this. The registry that it grew out of uses this one.
    code: 'RANGE_INVALID',
    message: `the range ${request.headers.range ?? ''} is outside of the blob's ${size} bytes`,
    headers: { 'content-range': `bytes */${size}` },
  })
}
