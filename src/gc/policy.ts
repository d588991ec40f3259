import type { Digest } from '../oci/digest.ts'

/** What is kept. Without both, only what no image needs goes. */
export interface Retention {
  /** Seconds since the last pull. */
  readonly keep?: number | undefined
  /** Bytes of blobs. */
  readonly size?: number | undefined
  /** Seconds for which whatever is young, or was served, stays. */
  readonly grace: number
}

export interface StoredBlob {
  readonly size: number
  /** Milliseconds since 1970, by the storage's clock. */
  readonly modified: number
}

/** A manifest or an index that the storage has a record or a pull of, and all that it leads to. */
export interface StoredImage {
  readonly digest: Digest
  /** Milliseconds since 1970: of the last pull, or of the record. */
  readonly lastPull: number
  /** It was served or recorded within the grace. */
  readonly held: boolean
  /** Digests of everything it needs, itself among them; undefined where something of it is missing. */
  readonly reach: readonly Digest[] | undefined
}

/** Why something goes. */
export type Reason = 'incomplete' | 'not pulled' | 'no room' | 'unreferenced'

export interface Verdict {
  readonly images: readonly { readonly image: StoredImage; readonly why: Reason }[]
  readonly blobs: readonly { readonly digest: Digest; readonly size: number; readonly why: Reason }[]
  /** Bytes of blobs that stay. */
  readonly kept: number
}

/**
 * Which images and blobs go. What is held or young stays whatever the limits say; of the rest, the images that were
 * pulled last stay while they are young enough and fit. A blob goes when no image that stays needs it.
 * @param heldBlobs blobs that are served by themselves
 * @param now milliseconds since 1970, by the storage's clock
 */
export function judge(
  images: readonly StoredImage[],
  blobs: ReadonlyMap<Digest, StoredBlob>,
  heldBlobs: ReadonlySet<Digest>,
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
  for (const { held, digest, reach } of images) if (held) stay(reach ?? [digest])
  for (const [digest, { modified }] of blobs) {
    if (heldBlobs.has(digest) || now - modified < grace * 1000) stay([digest])
  }

  const going = new Map<Digest, { image: StoredImage; why: Reason }>()
  let full = false
  for (const image of images.filter(({ held }) => !held).toSorted((a, b) => b.lastPull - a.lastPull)) {
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
    // Least recently pulled out first: once one does not fit, none that is older takes its place.
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
