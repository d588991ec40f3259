import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { hashPart } from '../store/storePath.ts'
import { BinaryCache } from './binaryCache.ts'
import { gather } from './gather.ts'
import { Journal } from './journal.ts'
import type { CacheSearch, Finding } from './search.ts'
import { readStorePathList } from './storePathList.ts'

/**
 * Paths that a binary cache has, and all that they need.
 * @param list where the paths are listed; without it, all paths of a cache that is a folder
 * @throws InvalidData, or the signal's reason
 */
export async function findInCache(
  location: string,
  list: string | undefined,
  search: CacheSearch,
): Promise<Finding> {
  const cache = new BinaryCache(location)
  const hashes =
    list === undefined ? await cache.list() : (await readStorePathList(list, search.signal)).map(hashPart)
  return { origin: cache.location, share: 1, ...(await gatherFrom(cache, hashes, search)) }
}

/**
 * What a binary cache knows of paths and of all that they need. What an earlier search found is not asked for
 * again.
 * @throws InvalidData, or the signal's reason
 */
export async function gatherFrom(
  cache: BinaryCache,
  hashes: readonly string[],
  { stateDir, parallel, signal, onProgress }: CacheSearch,
): Promise<Pick<Finding, 'nodes' | 'remarks'>> {
  const name = createHash('sha256').update(cache.location).digest('hex').slice(0, 16)
  const journal = await Journal.open(join(stateDir, 'popularity', `${name}.jsonl`))
  try {
    const { nodes, missing, asked } = await gather(hashes, cache, journal, {
      parallel,
      signal,
      onProgress: (done, of) => onProgress('narinfos', done, of),
    })
    const remarks = [`${asked} paths were asked for, ${nodes.length + missing - asked} were known`]
    return { nodes, remarks: missing === 0 ? remarks : [...remarks, `${missing} paths are not in the cache`] }
  } finally {
    await journal.close()
  }
}
