import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { canonicalName, type ImageRequest } from '../image/name.ts'
import type { ListsRecords, RecordStore } from '../storage/interfaces.ts'

/** Milliseconds. */
const dayLength = 86_400_000

/** Names and tags whose record is known to be of today: what is noted twice costs nothing. */
const remembered = 10_000

const noteSchema = z.object({ seen: z.iso.date() })

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
    const key = `repositories/${fileName(request)}/${tag}`
    // To write the date on each request would cost more than all the rest here.
    const day = Math.floor(Date.now() / dayLength)
    if (this.#noted.get(key) === day) return
    const today = new Date(day * dayLength).toISOString().slice(0, 10)
    const known = noteSchema.safeParse(await this.#records.get(key)).data
    if (known?.seen !== today) await this.#records.put(key, { tag, seen: today })
    this.#noted.set(key, day)
  }

  /** Names of images that were built, sorted, each once in its canonical form. @throws StorageFailed */
  async names(): Promise<readonly string[]> {
    const names = new Set<string>()
    for await (const key of this.#records.list('repositories')) {
      names.add((key.split('/')[1] ?? '').replaceAll('+', '/'))
    }
    return [...names].toSorted(compare)
  }

  /** Tags of a name that were built, and `latest`, which always can be. Sorted. @throws StorageFailed */
  async tags(request: ImageRequest): Promise<readonly string[]> {
    const tags = new Set(['latest'])
    for await (const key of this.#records.list(`repositories/${fileName(request)}`)) {
      tags.add(key.split('/')[2] ?? '')
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
