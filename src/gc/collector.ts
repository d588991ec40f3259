import type { Digest } from '../oci/digest.ts'
import { ageingFolders, blobKey } from '../storage/layout.ts'
import type { Storage } from '../storage/interfaces.ts'
import { LayerTableSteps } from './layerTableSteps.ts'
import { Intents } from './intents.ts'
import { judge, type Retention, type Verdict } from './policy.ts'
import { PullLedger } from './pullLedger.ts'
import { ManifestReferences } from './references.ts'
import { readStorageClock } from './storageClock.ts'
import { Surveyor, type Survey } from './survey.ts'
import { Sweeper, type Step } from './sweeper.ts'

interface CollectOptions {
  /** Look and decide, but write and delete nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

interface Progress {
  readonly phase: 'look' | 'sweep'
  readonly done: number
  readonly of: number
}

/** What a collection found and did. After a dry run, what it would have done. */
export interface CollectionReport {
  readonly verdict: Verdict
  /** What the storage had before. An image is a manifest. */
  readonly found: { readonly images: number; readonly blobs: number; readonly bytes: number }
  readonly deleted: { readonly records: number; readonly blobs: number; readonly bytes: number }
  /** When it was decided what to delete, in milliseconds since 1970 by the storage's clock. */
  readonly judgedAt: number
}

/**
 * Deletes blobs that no image needs, and images that are over the limits. Any number of collectors may run
 * beside any number of servers. If one is killed, the next one continues its work. See
 * docs/garbage-collection.md.
 */
export class Collector {
  readonly #storage: Storage
  readonly #retention: Retention
  readonly #ledger: PullLedger
  readonly #intents: Intents
  readonly #surveyor: Surveyor
  readonly #layerTables: LayerTableSteps
  readonly #sweeper: Sweeper

  /** @param storage the storage itself, not copies of it */
  constructor(storage: Storage, retention: Retention) {
    const references = new ManifestReferences(storage.blobs)
    this.#storage = storage
    this.#retention = retention
    this.#ledger = new PullLedger(storage)
    this.#intents = new Intents(storage)
    this.#layerTables = new LayerTableSteps(storage)
    this.#surveyor = new Surveyor(storage, references)
    this.#sweeper = new Sweeper({ storage, intents: this.#intents, ledger: this.#ledger, references })
  }

  /** @throws StorageFailed, or the signal's reason */
  async collect(options: CollectOptions = {}): Promise<CollectionReport> {
    const { dryRun = false, signal, onProgress } = options
    const now = dryRun ? Date.now : await readStorageClock(this.#storage)
    if (!dryRun) await this.#intents.removeDead(now())
    const first = await this.#judge(now, options)
    const deleted = { records: 0, blobs: 0, bytes: 0 }
    const count = ({ kind, size }: Step) => {
      deleted[kind === 'blob' ? 'blobs' : 'records'] += 1
      if (kind === 'blob') deleted.bytes += size
    }
    if (dryRun) {
      for (const step of first.steps) count(step)
      return reportOf(first, deleted)
    }
    const gone = new Set<string>()
    for (let judged = first; ;) {
      const start = performance.now()
      // Servers may have pulled since we looked, and their records may have ended. Old findings would be
      // wrong then.
      const mayGoOn = () =>
        signal?.aborted !== true && performance.now() - start < (this.#retention.grace * 1000) / 2
      const before = gone.size
      const left = await this.#sweeper.sweep(judged.steps, now, mayGoOn, (step) => {
        count(step)
        gone.add(step.key)
        onProgress?.({ phase: 'sweep', done: gone.size, of: gone.size + judged.steps.length })
      })
      signal?.throwIfAborted()
      if (left.length === 0 || gone.size === before) break
      judged = await this.#judge(now, options)
    }
    await this.#ledger.compact(
      now(),
      (digest) => first.survey.blobs.has(digest) && !gone.has(blobKey(digest)),
    )
    return reportOf(first, deleted)
  }

  async #judge(now: () => number, { signal, onProgress }: CollectOptions): Promise<Judged> {
    const { grace, keep } = this.#retention
    signal?.throwIfAborted()
    const judgedAt = now()
    const pulls = await this.#ledger.read(judgedAt)
    const survey = await this.#surveyor.look(pulls, grace, judgedAt, (done, of) => {
      signal?.throwIfAborted()
      onProgress?.({ phase: 'look', done, of })
    })
    const verdict = judge(survey.images, survey.blobs, pulls.leasedBlobs, this.#retention, judgedAt)
    const steps = [
      ...stepsOf(survey, verdict, judgedAt - grace * 1000),
      ...(await this.#layerTables.find(judgedAt, grace)),
      ...(keep === undefined ? [] : await this.#forgotten(judgedAt, Math.max(keep, grace))),
    ]
    return { judgedAt, survey, verdict, steps }
  }

  /** Records that are removed for their age. @param now ms since 1970 @param age seconds */
  async #forgotten(now: number, age: number): Promise<readonly Step[]> {
    const steps: Step[] = []
    for (const { folder, keptAtLeast } of ageingFolders) {
      const before = now - Math.max(age, keptAtLeast) * 1000
      for await (const { key, size, modified } of this.#storage.objects.list(folder)) {
        if (modified < before) steps.push({ kind: 'record', key, size })
      }
    }
    return steps
  }
}

interface Judged {
  readonly judgedAt: number
  readonly survey: Survey
  readonly verdict: Verdict
  readonly steps: readonly Step[]
}

/**
 * What to delete, in order: records before the blobs that they name, manifests before what they name.
 * @param graceBegan ms since 1970. Younger records stay.
 */
function stepsOf(
  { blobs, imageRecords, layerRecords }: Survey,
  verdict: Verdict,
  graceBegan: number,
): Step[] {
  const images = new Set<Digest | undefined>(verdict.images.map(({ image }) => image.digest))
  const going = new Set<Digest | undefined>(verdict.blobs.map(({ digest }) => digest))
  const isLost = (digest: Digest | undefined) => digest === undefined || !blobs.has(digest)
  const records = [
    ...imageRecords.filter(({ digest }) => digest === undefined || images.has(digest)),
    ...layerRecords.filter(({ digest }) => going.has(digest) || isLost(digest)),
  ].filter(({ modified }) => modified <= graceBegan)
  const byKind = verdict.blobs.toSorted((a, b) => Number(images.has(b.digest)) - Number(images.has(a.digest)))
  return [
    ...records.map(({ key, size, digest }) => ({
      kind: 'record' as const,
      key,
      size,
      ...(digest && { digest }),
    })),
    ...byKind.map(({ digest, size }) => ({ kind: 'blob' as const, key: blobKey(digest), size, digest })),
  ]
}

function reportOf(
  { survey, verdict, judgedAt }: Judged,
  deleted: CollectionReport['deleted'],
): CollectionReport {
  const bytes = [...survey.blobs.values()].reduce((sum, { size }) => sum + size, 0)
  return {
    verdict,
    found: { images: survey.images.length, blobs: survey.blobs.size, bytes },
    deleted,
    judgedAt,
  }
}
