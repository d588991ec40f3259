import { LRUCache } from 'lru-cache'
import { canonicalName, type ImageRequest } from '../image/name.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, Records } from '../storage/records.ts'

/** Milliseconds. */
const dayLength = 86_400_000

/** Most names and tags in memory whose record is of today. Recording them again costs nothing. */
const remembered = 10_000

/** The names and tags of images that were built, for a registry's lists. */
export class Catalog {
  readonly #records: RecordStore & ListsRecords
  readonly #recorded = new LRUCache<string, number>({ max: remembered })

  constructor(records: RecordStore & ListsRecords) {
    this.#records = records
  }

  /**
   * Records that an image exists and was pulled. The record is put again on each day with a pull, so that the
   * collector finds the images that are not pulled any more. @throws StorageFailed
   */
  async recordPull(request: ImageRequest, tag: string): Promise<void> {
    const name = repositoryKey(request)
    const key = `${name}/${tag}`
    // Formatting the date on each request would cost more than everything else here.
    const day = Math.floor(Date.now() / dayLength)
    if (this.#recorded.get(key) === day) return
    const today = new Date(day * dayLength).toISOString().slice(0, 10)
    const records = new Records(this.#records, layout.repositories)
    const known = await records.get(name, tag)
    if (known?.seen !== today) await records.put([name, tag], { tag, seen: today })
    this.#recorded.set(key, day)
  }

  /** Sorted names of images that were built, each once, in canonical form. @throws StorageFailed */
  async names(): Promise<readonly string[]> {
    const names = new Set<string>()
    for await (const [name] of namesOf(this.#records, layout.repositories)) {
      names.add(name.replaceAll('+', '/'))
    }
    return [...names].toSorted(compare)
  }

  /** Sorted tags of a name that were built, and `latest`, which can always be built. @throws StorageFailed */
  async tags(request: ImageRequest): Promise<readonly string[]> {
    const tags = new Set(['latest'])
    for await (const [, tag] of namesOf(this.#records, layout.repositories, repositoryKey(request))) {
      tags.add(tag)
    }
    return [...tags].toSorted(compare)
  }
}

/** A name in one part of a key, the same for all names of an image. No name contains a plus. */
export function repositoryKey(request: ImageRequest): string {
  const parts = [...(request.architecture ? [request.architecture] : []), canonicalName(request)]
  return parts.join('/').replaceAll('/', '+')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1
}
