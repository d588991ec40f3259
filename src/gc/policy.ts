import type { Digest } from '../oci/digest.ts'

/** What is kept. If neither `keep` nor `size` is given, only blobs that no image needs are deleted. */
export interface Retention {
  /** An image is kept for so many seconds after its last pull. */
  readonly keep?: number | undefined
  /** Most bytes of blobs. */
  readonly size?: number | undefined
  /** New or recently served data is kept for at least so many seconds. */
  readonly grace: number
}

/** What the storage's listing says of a blob. */
export interface ListedBlob {
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970, by the storage's clock. */
  readonly modified: number
}

/** A manifest or an index that has an image record or was pulled, and everything that it needs. */
export interface StoredImage {
  readonly digest: Digest
  /** When it was last pulled or recorded, in milliseconds since 1970. */
  readonly lastPull: number
  /**
   * It may not be deleted now, because a server has leased it or because it was recorded within the grace.
   */
  readonly isProtected: boolean
  /** Digests of everything that it needs, including its own. Undefined if some of it is missing. */
  readonly reach: readonly Digest[] | undefined
}

/** Why something is deleted. */
export type Reason = 'incomplete' | 'not pulled' | 'no room' | 'unreferenced'

export interface Verdict {
  readonly images: readonly { readonly image: StoredImage; readonly why: Reason }[]
  readonly blobs: readonly { readonly digest: Digest; readonly size: number; readonly why: Reason }[]
  /** Bytes of the blobs that stay. */
  readonly kept: number
}

/**
 * Decides which images and blobs are deleted. What is protected or young stays, whatever the limits say.
 * Other images stay as long as their last pull is recent enough and they fit into the size, the last pulled
 * ones first. A blob is deleted if no image that stays needs it.
 * @param leasedBlobs blobs that servers have leased by themselves
 * @param now milliseconds since 1970, by the storage's clock
 */
export function judge(
  images: readonly StoredImage[],
  blobs: ReadonlyMap<Digest, ListedBlob>,
  leasedBlobs: ReadonlySet<Digest>,
  { keep = Infinity, size = Infinity, grace }: Retention,
  now: number,
): Verdict {
  const staying = new Set<Digest>()
  let kept = 0
  const stay = (digests: Iterable<Digest>) => {
    for (const digest of digests) {
      const blob = staying.has(digest) ? undefined : blobs.get(digest)
      if (!blob) continue
      staying.add(digest)
      kept += blob.size
    }
  }
  for (const { isProtected, digest, reach } of images) if (isProtected) stay(reach ?? [digest])
  for (const [digest, { modified }] of blobs) {
    if (leasedBlobs.has(digest) || now - modified < grace * 1000) stay([digest])
  }

  const going = new Map<Digest, { image: StoredImage; why: Reason }>()
  let full = false
  for (const image of images.filter((one) => !one.isProtected).toSorted((a, b) => b.lastPull - a.lastPull)) {
    const out = (why: Reason) => void going.set(image.digest, { image, why })
    if (!image.reach) {
      out('incomplete')
      continue
    }
    if (now - image.lastPull >= keep * 1000) {
      out('not pulled')
      continue
    }
    const extra = image.reach.filter((digest) => !staying.has(digest))
    const bytes = extra.reduce((sum, digest) => sum + (blobs.get(digest)?.size ?? 0), 0)
    // Once an image does not fit, no image that was pulled earlier takes its place.
    full ||= bytes > 0 && bytes <= size && kept + bytes > size
    if (bytes > 0 && (full || bytes > size)) out('no room')
    else stay(extra)
  }
  const reasons = new Map<Digest, Reason>()
  for (const { image, why } of going.values()) {
    for (const digest of image.reach ?? [image.digest]) reasons.set(digest, why)
  }
  return {
    images: [...going.values()],
    blobs: [...blobs].flatMap(([digest, blob]) =>
      staying.has(digest) ? [] : [{ digest, size: blob.size, why: reasons.get(digest) ?? 'unreferenced' }],
    ),
    kept,
  }
}
