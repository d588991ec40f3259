import { createHash } from 'node:crypto'

declare const branded: unique symbol
/** `sha256:` and 64 lower-case hex digits (OCI image-spec, descriptor.md, "Digests"). */
export type Digest = `sha256:${string}` & { readonly [branded]: 'Digest' }

const pattern = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: string): text is Digest {
  return pattern.test(text)
}

/** @throws TypeError if the text is not a sha256 digest. */
export function toDigest(text: string): Digest {
  if (!isDigest(text)) throw new TypeError(`not a sha256 digest: ${text}`)
  return text
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return toDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
}

export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}
