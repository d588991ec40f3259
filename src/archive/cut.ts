import { PackingFailed } from '../errors.ts'
import type { Codec } from './codec.ts'
import type { Part, Results } from './jobs.ts'
import { partSize } from './layout.ts'
import { members } from './members.ts'
import { CacheFault, type Member, type SegmentCache } from './segmentCache.ts'
import { storePathTar } from './storePathTar.ts'

/**
 * Compresses a part into the cache, unless somebody else has done so meanwhile.
 * @param buffer gathers a member
 * @throws StorePathMissing, PackingFailed
 */
export function cut(
  part: Part,
  tools: { readonly codec: Codec; readonly storeDirectory: string },
  cache: SegmentCache,
  buffer: Buffer,
): Results['cut'] {
  const { key, index, segmentSize } = part
  if (cache.has(key, index)) return { written: 0, fault: undefined }
  try {
    return { written: cache.write(key, index, segmentSize, membersOf(part, tools, buffer)), fault: undefined }
  } catch (error) {
    if (error instanceof CacheFault) return { written: 0, fault: error.message }
    throw error
  }
}

function* membersOf(
  { content, index, segmentSize }: Part,
  { codec, storeDirectory }: { readonly codec: Codec; readonly storeDirectory: string },
  buffer: Buffer,
): Generator<Member> {
  const from = index * partSize
  const to = Math.min(from + partSize, segmentSize)
  let rest = to - from
  for (const tar of members(storePathTar(content, storeDirectory, from, to), buffer)) {
    rest -= tar.length
    yield { tar, member: codec.encode(tar) }
  }
  if (rest !== 0) throw new PackingFailed(`${content.path} changed while it was read`)
}
