import PQueue from 'p-queue'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { deletesWithin, type Intents } from './intents.ts'
import type { PullLedger } from './pullLedger.ts'
import type { ManifestReferences } from './references.ts'
import { atOnce } from './survey.ts'

/** One blob or record to delete. */
export interface Step {
  readonly kind: 'record' | 'blob'
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** The blob that it is or that it points at. If a server has leased that by now, the thing stays. */
  readonly digest?: Digest
}

/** How many things are deleted under one intent. So few that the intent stands only for a moment. */
const batchSize = 200

interface SweeperParts {
  readonly storage: Pick<Storage, 'objects'>
  readonly intents: Intents
  readonly ledger: PullLedger
  readonly references: ManifestReferences
}

/**
 * Deletes things in order. It first declares its intent, then reads what servers have leased by now, and only
 * then deletes. A server declares its leases before it reads the intents, so one of the two sees the other.
 * See docs/garbage-collection.md.
 */
export class Sweeper {
  readonly #parts: SweeperParts

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  /**
   * Deletes what nobody has leased, batch by batch, as long as `mayGoOn` allows it.
   * @param now the storage's clock
   * @param onDeleted called after each deletion
   * @returns the steps that were not reached @throws StorageFailed
   */
  async sweep(
    steps: readonly Step[],
    now: () => number,
    mayGoOn: () => boolean,
    onDeleted: (step: Step) => void,
  ): Promise<readonly Step[]> {
    let left = steps
    while (left.length > 0 && mayGoOn()) {
      const missed = await this.#sweepBatch(left.slice(0, batchSize), now, onDeleted)
      left = [...missed, ...left.slice(batchSize)]
    }
    return left
  }

  async #sweepBatch(
    batch: readonly Step[],
    now: () => number,
    onDeleted: (step: Step) => void,
  ): Promise<readonly Step[]> {
    const { intents, storage } = this.#parts
    const start = performance.now()
    const intent = await intents.declare([...new Set(batch.flatMap(({ digest }) => digest ?? []))])
    const leased = await this.#leased(now()).catch(async (error: unknown) => {
      await intent.takeBack()
      throw error
    })
    const missed: Step[] = []
    const isInTime = () => performance.now() - start < deletesWithin * 1000
    const take = async (step: Step) => {
      if (step.digest !== undefined && leased.has(step.digest)) return
      if (!isInTime()) return void missed.push(step)
      await storage.objects.delete(step.key)
      onDeleted(step)
    }
    const queue = new PQueue({ concurrency: atOnce })
    const results = await Promise.allSettled(batch.map((step) => queue.add(() => take(step))))
    // A deletion that failed for us may still happen in the storage. So the intent stays until it counts as
    // dead.
    const fault = results.find((result) => result.status === 'rejected')
    if (fault) throw fault.reason
    await intent.takeBack()
    return missed
  }

  /** Everything that servers have leased: manifests, what these name, and single blobs. */
  async #leased(now: number): Promise<ReadonlySet<Digest>> {
    const { leasedManifests, leasedBlobs } = await this.#parts.ledger.read(now)
    const leased = new Set([...leasedManifests, ...leasedBlobs])
    for (const digest of leasedManifests) {
      for (const one of (await this.#parts.references.below(digest)) ?? []) leased.add(one.digest)
    }
    return leased
  }
}
