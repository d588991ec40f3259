import PQueue from 'p-queue'
import type { Digest } from '../oci/digest.ts'
import type { Storage } from '../storage/interfaces.ts'
import { deletesWithin, type Intents } from './intents.ts'
import type { PullLedger } from './pullLedger.ts'
import type { ManifestReferences } from './references.ts'
import { atOnce } from './survey.ts'

/** One thing to delete. */
export interface Step {
  readonly kind: 'record' | 'blob'
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** The blob on whose account it goes: where that is held by now, the thing stays. */
  readonly digest?: Digest
}

/** Things that are deleted under one intent: few enough that it stands for a moment only. */
const batchSize = 200

interface SweeperParts {
  readonly storage: Pick<Storage, 'objects'>
  readonly intents: Intents
  readonly ledger: PullLedger
  readonly references: ManifestReferences
}

/**
 * Deletes, in order: says so, looks whether anybody relies on it by now, and only then does it. A server says what it
 * relies on before it looks what is about to go; so one of the two sees the other. See docs/garbage-collection.md.
 */
export class Sweeper {
  readonly #parts: SweeperParts

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  /**
   * Deletes what nobody holds, batch by batch, while it may go on.
   * @param now the storage's clock
   * @param onDeleted told of each
   * @returns the steps that it did not come to @throws StorageFailed
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
    const held = await this.#held(now()).catch(async (error: unknown) => {
      await intent.takeBack()
      throw error
    })
    const missed: Step[] = []
    const isInTime = () => performance.now() - start < deletesWithin * 1000
    const take = async (step: Step) => {
      if (step.digest !== undefined && held.has(step.digest)) return
      if (!isInTime()) return void missed.push(step)
      await storage.objects.delete(step.key)
      onDeleted(step)
    }
    const queue = new PQueue({ concurrency: atOnce })
    const results = await Promise.allSettled(batch.map((step) => queue.add(() => take(step))))
    // A deletion that failed here may still happen over there: the intent stands until it counts as dead.
    const fault = results.find((result) => result.status === 'rejected')
    if (fault) throw fault.reason
    await intent.takeBack()
    return missed
  }

  /** All that the servers rely on now, through the manifests that they serve. */
  async #held(now: number): Promise<ReadonlySet<Digest>> {
    const { heldManifests, heldBlobs } = await this.#parts.ledger.read(now)
    const held = new Set([...heldManifests, ...heldBlobs])
    for (const digest of heldManifests) {
      for (const one of (await this.#parts.references.below(digest)) ?? []) held.add(one.digest)
    }
    return held
  }
}
