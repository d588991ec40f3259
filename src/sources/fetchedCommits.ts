import PQueue from 'p-queue'
import { NixeryError, SourceFailed } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import { Checkouts, type Checkout, type CheckoutRecord } from './checkouts.ts'
import { commitOf } from './commit.ts'

/** Nixpkgs takes 450 MB a checkout. */
const checkoutsKept = 8
/** Checkouts that clients may make the server keep at a time by naming commits. */
const mostCheckouts = 24

interface FetchedCommitsOptions {
  readonly folder: string
  /** Fetches that run side by side. */
  readonly atOnce: number
  /** Writes the files of a commit to `source` in a folder. */
  readonly write: (commit: string, folder: string, run: RunOptions) => Promise<Omit<CheckoutRecord, 'boot'>>
  /** Whether files that `write` wrote are still what they were. */
  readonly isIntact: (folder: string, record: CheckoutRecord, run: RunOptions) => Promise<boolean>
  /** A commit whose files are gone. */
  readonly onRemoved: (commit: string, run: RunOptions) => Promise<void>
}

/** The files of commits: found in the cache, or fetched once, however many ask for them. */
export class FetchedCommits {
  readonly #options: FetchedCommitsOptions
  readonly #checkouts: Checkouts
  readonly #fetches = new SingleFlight<Checkout>()
  readonly #turns: PQueue
  readonly #chosen = new Set<string>()

  constructor(options: FetchedCommitsOptions) {
    const { folder, isIntact, atOnce } = options
    this.#options = options
    this.#checkouts = new Checkouts({ folder, kept: checkoutsKept, most: mostCheckouts, isIntact })
    this.#turns = new PQueue({ concurrency: atOnce })
  }

  /** A commit that the operator chose is fetched however many others are in use. */
  choose(commit: string): void {
    this.#chosen.add(commit)
  }

  /** @throws what `write` throws; SourceFailed */
  async get(revision: Revision, run: RunOptions): Promise<Checkout> {
    const commit = commitOf(revision)
    try {
      return (
        (await this.#checkouts.find(commit, run)) ??
        (await this.#fetches.run(commit, run, (shared) =>
          this.#turns.add(() => this.#fetch(commit, shared), { signal: shared.signal }),
        ))
      )
    } catch (cause) {
      if (cause instanceof NixeryError || run.signal.aborted) throw cause
      throw new SourceFailed(`the files of ${revision.label} cannot be kept in the cache`, { cause })
    }
  }

  /** Commits that are there and that begin with some digits. */
  complete(digits: string): Promise<readonly string[]> {
    return this.#checkouts.complete(digits)
  }

  async #fetch(commit: string, run: RunOptions): Promise<Checkout> {
    const { write, onRemoved } = this.#options
    const always = this.#chosen.has(commit)
    const checkout = await this.#checkouts.add(commit, run, (folder) => write(commit, folder, run), always)
    for (const old of await this.#checkouts.prune()) await onRemoved(old, run)
    return checkout
  }
}
