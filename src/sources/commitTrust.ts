import { LRUCache } from 'lru-cache'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import { revisionId } from './commit.ts'
import type { History } from './history.ts'
import type { TrustedTips } from './trustedTips.ts'

/** Verdicts that are remembered. */
const remembered = 10_000
/**
 * Milliseconds after which a commit that was not trusted is looked up again: somebody may have pushed it
 * meanwhile.
 */
const refusedFor = 15_000

/**
 * Whether a commit is of a repository itself, or merely handed out by its server: a forge hands out the
 * commits of all forks, which anybody can write.
 */
export class CommitTrust {
  readonly #tips: TrustedTips
  readonly #history: History
  readonly #pinTtl: number
  readonly #verdicts = new LRUCache<string, boolean>({ max: remembered })
  readonly #lookUps = new SingleFlight<boolean>()

  /** @param pinTtl seconds for which a verdict holds */
  constructor(tips: TrustedTips, history: History, pinTtl: number) {
    this.#tips = tips
    this.#history = history
    this.#pinTtl = pinTtl * 1000
  }

  /** @throws StorageFailed, SourceFailed */
  async has(commit: string, run: RunOptions): Promise<boolean> {
    return (
      this.#verdicts.get(commit) ??
      this.#lookUps.run(commit, run, async (shared) => {
        const trusted =
          (await this.#tips.has(revisionId('git', commit))) || (await this.#history.contains(commit, shared))
        const ttl = trusted ? this.#pinTtl : Math.min(this.#pinTtl, refusedFor)
        if (ttl > 0) this.#verdicts.set(commit, trusted, { ttl })
        return trusted
      })
    )
  }
}
