import { stat } from 'node:fs/promises'
import type { Worker } from 'node:worker_threads'
import { SourceFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { startThread } from '../work/startThread.ts'
import { identityOf } from './treeIndex.ts'
import type { LookRequest, TreeReport } from './watchTreeWorker.ts'

/** Looks may take this part of the time at most: every pull asks for the state of the tree. */
const shareOfTime = 1 / 10
/**
 * Milliseconds after a look in which a change may go unseen, where changes are reported and where they are
 * not.
 */
const freshIfWatched = 500
const freshIfNot = 4_000
/** Milliseconds. What the kernel does not report is seen then. */
const thoroughAfter = 5 * 60_000

/**
 * A look at 90,000 files leaves much garbage behind. Collected early, it takes 70 MB less, and no more time.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

/** What lies at a path at some moment. */
interface TreeState {
  /** Of names and contents, in hex. */
  readonly hash: string
  /** Equal marks: nothing has changed in between, nor was changed back. */
  readonly mark: string
}

type Looked = Extract<TreeReport, { kind: 'looked' }>

/** A thread that knows a tree, and what it has said. */
interface Watcher {
  readonly thread: Worker
  /** Tells it from those before it. */
  readonly number: number
  /** Which file or folder it is about. */
  readonly identity: string
  readonly waiting: Map<number, PromiseWithResolvers<Looked>>
  last: Looked | undefined
  /** When the last look ended, and when the last thorough one began. */
  looked: number
  thorough: number
  /** A change was reported since the last look. */
  changed: boolean
  /** It was logged that changes are not reported. */
  logged: boolean
}

/**
 * Knows the state of a folder, or of a single file, without looking at all of it again: the kernel reports
 * changes. Where it does not, all files are looked at now and then.
 */
export class TreeWatch {
  readonly #path: string
  readonly #thoroughAfter: number
  #watcher: Watcher | undefined
  #watchers = 0
  #requests = 0
  #closed = false

  /** @param thorough milliseconds after which the tree is looked at thoroughly, whatever was reported */
  constructor(path: string, thorough = thoroughAfter) {
    this.#path = path
    this.#thoroughAfter = thorough
  }

  /**
   * The state as it was lately: a change is seen within a second, or within five where none are reported.
   * @throws SourceFailed when it cannot be read
   */
  async current(run: RunOptions): Promise<TreeState> {
    const watcher = await this.#current()
    const { last } = watcher
    if (!last || !isFresh(watcher, last)) return this.#look(watcher, run)
    const now = performance.now()
    if (last.unwatched === undefined && now - watcher.thorough > this.#thoroughAfter) {
      watcher.thorough = now
      send(watcher, 'thorough')
    }
    return stateOf(watcher, last)
  }

  /** The state at some moment after the call. @throws SourceFailed when it cannot be read */
  async look(run: RunOptions): Promise<TreeState> {
    return this.#look(await this.#current(), run)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#watcher?.thread.terminate()
  }

  async #look(watcher: Watcher, { signal, onEvent }: RunOptions): Promise<TreeState> {
    signal.throwIfAborted()
    const answer = Promise.withResolvers<Looked>()
    const abort = () => answer.reject(signal.reason)
    const id = this.#requests++
    watcher.waiting.set(id, answer)
    watcher.thread.ref()
    send(watcher, { id })
    signal.addEventListener('abort', abort, { once: true })
    try {
      const looked = await answer.promise
      if (looked.unwatched !== undefined && !watcher.logged) {
        watcher.logged = true
        const line = `changes of the package set are looked for, not reported: ${looked.unwatched}`
        onEvent({ kind: 'log', line })
      }
      return stateOf(watcher, looked)
    } finally {
      signal.removeEventListener('abort', abort)
      watcher.waiting.delete(id)
      if (watcher.waiting.size === 0) watcher.thread.unref()
    }
  }

  /** The watcher of what is at the path now: that may be a link which leads to another folder than before. */
  async #current(): Promise<Watcher> {
    const identity = await this.#identity()
    if (this.#closed) throw new SourceFailed('the server is stopping')
    if (this.#watcher?.identity === identity) return this.#watcher
    void this.#watcher?.thread.terminate()
    this.#watcher = this.#start(identity)
    return this.#watcher
  }

  async #identity(): Promise<string> {
    try {
      return identityOf(await stat(this.#path, { bigint: true }))
    } catch (cause) {
      throw this.#unreadable(cause)
    }
  }

  #start(identity: string): Watcher {
    const watcher: Watcher = {
      thread: startThread(import.meta.url, 'watchTreeWorker', { workerData: this.#path, resourceLimits }),
      number: this.#watchers++,
      identity,
      waiting: new Map(),
      last: undefined,
      looked: 0,
      thorough: performance.now(),
      changed: false,
      logged: false,
    }
    const gone = (error: SourceFailed) => {
      if (this.#watcher === watcher) this.#watcher = undefined
      for (const { reject } of watcher.waiting.values()) reject(error)
    }
    watcher.thread
      .on('message', (report: TreeReport) => this.#take(watcher, report))
      .on('error', (cause) => gone(this.#unreadable(cause)))
      .on('exit', () => gone(new SourceFailed('the package set was replaced while it was read; ask again')))
      .unref()
    return watcher
  }

  #take(watcher: Watcher, report: TreeReport): void {
    switch (report.kind) {
      case 'changed':
        watcher.changed = true
        break
      case 'looked':
        // A link that leads elsewhere since: whoever waits is told so when the thread ends.
        if (report.identity !== watcher.identity) return void watcher.thread.terminate()
        watcher.last = report
        watcher.looked = performance.now()
        watcher.changed = report.touched
        for (const id of report.ids) watcher.waiting.get(id)?.resolve(report)
        break
      case 'failed':
        watcher.last = undefined
        for (const id of report.ids) watcher.waiting.get(id)?.reject(this.#unreadable(new Error(report.why)))
        break
    }
  }

  #unreadable(cause: unknown): SourceFailed {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    return new SourceFailed(`the package set at ${this.#path} cannot be read${reason}`, { cause })
  }
}

function isFresh({ changed, looked }: Watcher, { unwatched, seconds }: Looked): boolean {
  if (unwatched === undefined && !changed) return true
  const most = unwatched === undefined ? freshIfWatched : freshIfNot
  return performance.now() - looked < Math.min((seconds * 1000) / shareOfTime, most)
}

function stateOf({ number }: Watcher, { hash, changes }: Looked): TreeState {
  return { hash, mark: `${number}.${changes}` }
}

function send({ thread }: Watcher, request: LookRequest): void {
  thread.postMessage(request, [])
}
