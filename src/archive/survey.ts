import type { Part, Results } from './jobs.ts'
import { partSize } from './layout.ts'
import type { StorePathContent } from './packer.ts'
import type { SegmentCache } from './segmentCache.ts'
import { isInStore, missing, tarSizeOf } from './storePathTar.ts'

/** The parts that the cache lacks. @throws StorePathMissing when a store path lacks some and is not in the store either */
export function survey(
  storePaths: readonly StorePathContent[],
  storeDirectory: string,
  cache: SegmentCache,
): Results['survey'] {
  return { absent: storePaths.flatMap((content) => absentParts(content, storeDirectory, cache)) }
}

function absentParts(
  content: StorePathContent,
  storeDirectory: string,
  cache: SegmentCache,
): readonly Part[] {
  const key = cache.keyOf(content)
  const segmentSize = cache.sizeOf(key) ?? tarSizeOf(content, storeDirectory)
  const count = Math.ceil(segmentSize / partSize)
  const absent = Array.from({ length: count }, (_, index) => index).filter((index) => !cache.has(key, index))
  if (absent.length > 0 && !isInStore(content.path, storeDirectory)) {
    throw missing(content)
  }
  return absent.map((index) => ({ content, key, index, segmentSize }))
}
