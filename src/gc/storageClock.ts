import { StorageFailed } from '../errors.ts'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import { recordKey, Records } from '../storage/records.ts'

/**
 * Returns a clock that shows the storage's time in milliseconds since 1970. So the clocks of servers and
 * collectors need not agree. A record is written and listed, and the time since then is added. The clock is
 * never ahead of the storage.
 * @throws StorageFailed
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
