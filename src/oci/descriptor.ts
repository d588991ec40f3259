import { digestOf, type Digest } from './digest.ts'

/** A pointer to content (OCI image-spec, descriptor.md). `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
}

/** Content whose exact bytes matter, and the descriptor that points at it. */
export interface Encoded {
  readonly descriptor: Descriptor
  readonly bytes: Buffer
}

/** JSON with the members in the order given: one value, one sequence of bytes, one digest. */
export function encodeJson(mediaType: string, value: unknown): Encoded {
  const bytes = Buffer.from(JSON.stringify(value))
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}
