import { join } from 'node:path'
import { EvaluationFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { describeExcess, type EvaluationLimits } from './confinedNix.ts'
import type { SetRequest } from './evaluation.ts'
import { nixString, ReplProcess } from './replProcess.ts'
import type { Scratch } from './sandbox/privateFolder.ts'
import type { Sandbox } from './sandbox/sandbox.ts'
import { StoreSize } from './sandbox/storeSize.ts'
import { watch } from './sandbox/watch.ts'

/** Milliseconds: what nobody asks any more, and what has grown old, makes room. */
const IDLE_MS = 10 * 60_000
const OLDEST_MS = 60 * 60_000
/** Bytes. An evaluator never gives back what it has evaluated. */
const MOST_MEMORY = 2 * 1024 ** 3

/** A process, and the store of its own that it writes to. */
interface Started {
  readonly process: ReplProcess
  readonly scratch: Scratch
  readonly size: StoreSize
}

interface Evaluator {
  readonly started: Promise<Started>
  readonly born: number
  lastUse: number
  busy: boolean
}

interface WarmOptions {
  readonly sandbox: Sandbox
  /** Processes at most. */
  readonly count: number
  /** For one question. */
  readonly limits: EvaluationLimits
}

/** A package set whose content has a name, by which it is known again. */
interface NamedSet extends SetRequest {
  readonly revision: string
  /** See `Room.alsoReadable`. */
  readonly alsoReadable: readonly string[]
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
  readonly #ending = new Set<Promise<void>>()

  constructor(options: WarmOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#retireIdle(), IDLE_MS / 10).unref()
  }

  /**
   * What `evaluate.nix` answers to a request, as JSON, or undefined if a process of its own has to be asked:
   * the evaluator is busy, cannot be had, or the set throws what Nix does not catch.
   * @throws EvaluationFailed if it took too long; NixFailed; the signal's reason
   */
  async evaluate(set: NamedSet, request: string, { signal }: RunOptions): Promise<string | undefined> {
    // A revision may become trusted while it is used.
    const key = JSON.stringify([set.revision, set.system, set.alsoReadable])
    const evaluator = this.#evaluators.get(key) ?? this.#start(key, set)
    if (evaluator.busy) return undefined
    evaluator.busy = true
    try {
      return await this.#ask(await evaluator.started, request, signal)
    } finally {
      evaluator.busy = false
      evaluator.lastUse = Date.now()
      void this.#retireIfSpent(key, evaluator).catch(() => this.#retire(key, evaluator))
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const [key, evaluator] of this.#evaluators) this.#retire(key, evaluator)
    await Promise.all(this.#ending)
  }

  async #ask({ process, size }: Started, request: string, signal: AbortSignal): Promise<string | undefined> {
    const { sandbox, limits } = this.#options
    const file = nixString(join(await sandbox.expressions(), 'evaluate.nix'))
    const expression = `builtins.toJSON (import ${file} { request = ${nixString(request)}; loaded = nixerySet; })`
    const stop = new AbortController()
    const time = { pid: () => process.pid, seconds: limits.seconds }
    const end = watch({ size, space: limits.space, time }, (excess) =>
      stop.abort(new EvaluationFailed(`the evaluation ${describeExcess(excess, limits)}`)),
    )
    try {
      return await process.text(expression, AbortSignal.any([signal, stop.signal]))
    } finally {
      end()
    }
  }

  #start(key: string, set: NamedSet): Evaluator {
    const evaluator = { started: this.#startProcess(set), born: Date.now(), lastUse: Date.now(), busy: false }
    // Whoever asks is told why.
    evaluator.started.catch(() => this.#evaluators.delete(key))
    this.#evaluators.set(key, evaluator)
    const all = [...this.#evaluators].toSorted(([, a], [, b]) => a.lastUse - b.lastUse)
    for (const [other, old] of all.slice(0, -this.#options.count)) this.#retire(other, old)
    return evaluator
  }

  async #startProcess({ path, system, allow, alsoReadable }: NamedSet): Promise<Started> {
    const { sandbox } = this.#options
    const scratch = await sandbox.createScratch()
    const args = ['repl', '--quiet', '--store', scratch.store]
    const confined = await sandbox.confine('nix', args, { scratch, set: path, alsoReadable })
    const process = new ReplProcess(confined.command, confined.args, confined.options)
    const load = nixString(join(await sandbox.expressions(), 'load.nix'))
    const argument = nixString(JSON.stringify({ path, system, allow }))
    process.bind('nixerySet', `import ${load} (builtins.fromJSON ${argument})`)
    return { process, scratch, size: new StoreSize(scratch.store) }
  }

  async #retireIfSpent(key: string, evaluator: Evaluator): Promise<void> {
    const { process, size } = await evaluator.started
    const isSpent =
      !process.alive ||
      Date.now() - evaluator.born > OLDEST_MS ||
      (await process.memory()) > MOST_MEMORY ||
      (await size.measure()) > this.#options.limits.space
    if (isSpent) this.#retire(key, evaluator)
  }

  #retireIdle(): void {
    for (const [key, evaluator] of this.#evaluators) {
      if (!evaluator.busy && Date.now() - evaluator.lastUse > IDLE_MS) this.#retire(key, evaluator)
    }
  }

  /** Whoever waits for an answer of one that ends asks a process of its own. */
  #retire(key: string, evaluator: Evaluator): void {
    if (this.#evaluators.get(key) === evaluator) this.#evaluators.delete(key)
    const ending = end(evaluator).finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}

async function end({ started }: Evaluator): Promise<void> {
  try {
    const { process, scratch } = await started
    await process.close()
    await scratch.remove()
  } catch {
    // It never started, or what is left of it goes with the sandbox.
  }
}
