import { StorageFailed } from '../errors.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { recordKey, Records } from '../storage/records.ts'

/**
 * The time by the storage's own clock, in milliseconds since 1970, never ahead of it: a record is written, and the
 * time since its listing is added. So the clocks of servers and collectors need not agree. @throws StorageFailed
 */
export async function readStorageClock(storage: Pick<Storage, 'records' | 'objects'>): Promise<() => number> {
  await new Records(storage.records, layout.clock).put([], {})
  for await (const object of storage.objects.list(layout.clock.folder)) {
    if (object.key !== recordKey(layout.clock)) continue
    const listed = performance.now()
    return () => object.modified + performance.now() - listed
  }
  throw new StorageFailed('the storage does not list what was just put')
}
