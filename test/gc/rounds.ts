import { setTimeout as sleep } from 'node:timers/promises'
import { Collector } from '../../src/gc/collector.ts'
import type { Storage } from '../../src/storage/interfaces.ts'
import { pull } from './pull.ts'
import { packages } from './tinySet.ts'

interface Rounds {
  readonly addresses: readonly [string, ...string[]]
  readonly storage: Storage
  /** What the collectors keep: bytes, and seconds. */
  readonly size: number
  readonly grace: number
  readonly pullsAtOnce: number
  /** Seconds, and rounds, at least. */
  readonly seconds: number
  readonly rounds: number
}

/**
 * Pulls images, many at once, round after round, while two collectors delete what they may, over and over.
 * Some images are asked for again while they are leased, most of them long after they were put out.
 * @returns what the collectors did, and every image's digests @throws when any pull fails
 */
export async function pullAndCollect({
  addresses,
  storage,
  size,
  grace,
  pullsAtOnce,
  seconds,
  rounds,
}: Rounds) {
  const totals = { pulls: 0, collections: 0, blobs: 0, bytes: 0, records: 0 }
  const digests = new Map<string, Set<string>>()
  const done = new AbortController()
  const collect = async () => {
    const collector = new Collector(storage, { size, grace })
    while (!done.signal.aborted) {
      const { deleted } = await collector.collect()
      totals.collections += 1
      totals.blobs += deleted.blobs
      totals.bytes += deleted.bytes
      totals.records += deleted.records
      await sleep(50)
    }
  }
  const collecting = Promise.all([collect(), collect()])
  try {
    const end = performance.now() + seconds * 1000
    for (let round = 0; performance.now() < end || round < rounds; round++) {
      const names = Array.from({ length: 8 }, (_, index) => {
        const first = (round * 5 + index) % packages.length
        return index % 2 === 0 ? `p${first}` : `p${first}/p${(first + 7) % packages.length}`
      })
      const pulls = Array.from({ length: pullsAtOnce }, async (_, index) => {
        const name = names[index % names.length] ?? ''
        await sleep(Math.random() * 500)
        const digest = await pull(addresses, name, (grace * 1000) / 40)
        digests.set(name, (digests.get(name) ?? new Set()).add(digest))
        totals.pulls += 1
      })
      await Promise.race([Promise.all(pulls), collecting])
    }
  } finally {
    done.abort()
  }
  await collecting
  return { totals, digests }
}

export async function bytesOf(storage: Storage): Promise<number> {
  let bytes = 0
  for await (const { size } of storage.objects.list('layers')) bytes += size
  return bytes
}
