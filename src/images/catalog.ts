import { LRUCache } from 'lru-cache'
import { canonicalName, type ImageRequest } from '../image/name.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { namesOf, Records } from '../storage/records.ts'

/** Milliseconds. */
const dayLength = 86_400_000

/** Names and tags whose record is known to be of today: what is noted twice costs nothing. */
const remembered = 10_000

/** Which images were built: the names and tags that a registry can list. */
export class Catalog {
  readonly #records: RecordStore & ListsRecords
  readonly #noted = new LRUCache<string, number>({ max: remembered })

  constructor(records: RecordStore & ListsRecords) {
    this.#records = records
  }

  /**
   * Notes that an image exists, and is asked for: its record is put anew on each day on which it is, so that the
   * collector can tell the ones that are not. @throws StorageFailed
   */
  async note(request: ImageRequest, tag: string): Promise<void> {
    const name = fileName(request)
    const key = `${name}/${tag}`
    // To write the date on each request would cost more than all the rest here.
    const day = Math.floor(Date.now() / dayLength)
    if (this.#noted.get(key) === day) return
    const today = new Date(day * dayLength).toISOString().slice(0, 10)
    const records = new Records(this.#records, layout.repositories)
    const known = await records.get(name, tag)
    if (known?.seen !== today) await records.put([name, tag], { tag, seen: today })
    this.#noted.set(key, day)
  }

  /** Names of images that were built, sorted, each once in its canonical form. @throws StorageFailed */
  async names(): Promise<readonly string[]> {
    const names = new Set<string>()
    for await (const [name] of namesOf(this.#records, layout.repositories)) {
      names.add(name.replaceAll('+', '/'))
    }
    return [...names].toSorted(compare)
  }

  /** Tags of a name that were built, and `latest`, which always can be. Sorted. @throws StorageFailed */
  async tags(request: ImageRequest): Promise<readonly string[]> {
    const tags = new Set(['latest'])
    for await (const [, tag] of namesOf(this.#records, layout.repositories, fileName(request))) {
      tags.add(tag)
    }
    return [...tags].toSorted(compare)
  }
}

/** No name has a plus in it. */
function fileName(request: ImageRequest): string {
  const parts = [...(request.architecture ? [request.architecture] : []), canonicalName(request)]
  return parts.join('/').replaceAll('/', '+')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1
}
