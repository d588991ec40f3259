import { fileURLToPath } from 'node:url'
import type { RunOptions } from '../work/events.ts'
import { TARBALL_TTL, type NixOptions } from './command.ts'
import type { EvaluationQuery } from './nix.ts'
import { nixString, ReplProcess } from './replProcess.ts'

const load = nixString(fileURLToPath(new URL('./load.nix', import.meta.url)))
const evaluate = nixString(fileURLToPath(new URL('./evaluate.nix', import.meta.url)))

/** Milliseconds: what nobody asks any more, and what has grown old, makes room. */
const IDLE_MS = 10 * 60_000
const OLDEST_MS = 60 * 60_000
/** Bytes. An evaluator never gives back what it has evaluated. */
const MOST_MEMORY = 2 * 1024 ** 3

interface Evaluator {
  readonly process: ReplProcess
  readonly born: number
  lastUse: number
  busy: boolean
}

interface WarmOptions {
  /** Processes at most. */
  readonly count: number
  readonly timeout: NixOptions['timeout']
  readonly env?: NixOptions['env']
}

/**
 * Nix processes that have a package set evaluated already, one for each revision and system: an attribute
 * after the first costs milliseconds. They are bounded in number, memory and age, and one that misbehaves is
 * ended.
 */
export class WarmEvaluators {
  readonly #options: WarmOptions
  readonly #evaluators = new Map<string, Evaluator>()
  readonly #timer: NodeJS.Timeout

  constructor(options: WarmOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#retireIdle(), IDLE_MS / 10).unref()
  }

  /**
   * What `evaluate.nix` answers to a request, as JSON, or undefined where a process of its own has to be
   * asked: the evaluator is busy, cannot be had, or the set throws what Nix does not catch.
   * @throws the signal's reason
   */
  async evaluate(
    query: EvaluationQuery,
    request: string,
    { signal }: RunOptions,
  ): Promise<string | undefined> {
    if (query.revision === undefined) return undefined
    const key = `${query.revision} ${query.system}`
    const evaluator = this.#evaluators.get(key) ?? this.#start(key, query)
    if (evaluator.busy) return undefined
    evaluator.busy = true
    try {
      const expression = `builtins.toJSON (import ${evaluate} { request = ${nixString(request)}; loaded = nixerySet; })`
      const answer = await evaluator.process.text(expression, signal)
      if (await this.#isSpent(evaluator)) this.#retire(key)
      return answer
    } finally {
      evaluator.busy = false
      evaluator.lastUse = Date.now()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const all = [...this.#evaluators.values()]
    this.#evaluators.clear()
    await Promise.all(all.map((evaluator) => evaluator.process.close()))
  }

  #start(key: string, { location, system }: EvaluationQuery): Evaluator {
    const { timeout, env, count } = this.#options
    const args = ['--option', 'tarball-ttl', String(TARBALL_TTL), '--option', 'timeout', String(timeout)]
    const process = new ReplProcess(args, env)
    process.bind(
      'nixerySet',
      `import ${load} (builtins.fromJSON ${nixString(JSON.stringify({ location, system }))})`,
    )
    const evaluator = { process, born: Date.now(), lastUse: Date.now(), busy: false }
    this.#evaluators.set(key, evaluator)
    for (const other of this.#leastRecentlyUsed().slice(0, -count)) this.#retire(other)
    return evaluator
  }

  #leastRecentlyUsed(): readonly string[] {
    const sorted = [...this.#evaluators].toSorted(([, a], [, b]) => a.lastUse - b.lastUse)
    return sorted.map(([key]) => key)
  }

  async #isSpent({ process, born }: Evaluator): Promise<boolean> {
    return !process.alive || Date.now() - born > OLDEST_MS || (await process.memory()) > MOST_MEMORY
  }

  #retireIdle(): void {
    for (const [key, { busy, lastUse }] of this.#evaluators) {
      if (!busy && Date.now() - lastUse > IDLE_MS) this.#retire(key)
    }
  }

  /** Who waits for an answer of one that ends asks a process of its own. */
  #retire(key: string): void {
    const evaluator = this.#evaluators.get(key)
    this.#evaluators.delete(key)
    if (evaluator) void evaluator.process.close().catch(() => undefined)
  }
}
