import { LRUCache } from 'lru-cache'
import PQueue from 'p-queue'
import { NixeryError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Revision } from '../store/revision.ts'
import { isOutgrown } from './coverage.ts'
import type { LayerTables } from './layerTables.ts'
import type { Finding, Search } from './search.ts'
import { makeTableInThread } from './tableThread.ts'

/** Attributes of a set that is looked at whole, at most. Own sets have dozens, Nixpkgs has 27,000. */
const mostAttributes = 2_000
/** Milliseconds that a look may take. */
const longest = 120_000
/** Milliseconds that an image waits for the table of its revision. */
const patience = 1_000
/** Revisions that wait for a look, at most. A revision more is not looked at for now. */
const mostWaiting = 4
/** A table that is made of less than this share of a set's outputs would know too little of it. */
const leastShare = 0.5
/** Milliseconds after which a revision without a table is looked at again: more may be built by then. */
const againAfter = 10 * 60_000
/** Milliseconds for which the revisions of a source that is too large are not looked at. */
const largeFor = 24 * 3600_000
const rememberedLooks = 1_000

interface SetLooksOptions {
  /** Finds all outputs of a revision, and what they need. */
  readonly find: (revision: Revision, search: Search) => Promise<Finding>
  readonly tables: Pick<LayerTables, 'isPinned' | 'newest' | 'offer'>
  readonly logger: Logger
  /** Called when a revision has a table that was not there before. */
  readonly onTable: (revision: Revision) => void
}

/**
 * Looks at whole package sets in the background, one at a time, and makes the layer tables of new revisions.
 * Sets that are too large are left alone: their tables grow from what is built (`TableGrowth`).
 */
export class SetLooks {
  readonly #options: SetLooksOptions
  readonly #queue = new PQueue({ concurrency: 1 })
  readonly #looks = new LRUCache<string, Promise<void>>({ max: rememberedLooks, ttl: againAfter })
  readonly #stop = new AbortController()
  #smallAgain = 0

  constructor(options: SetLooksOptions) {
    this.#options = options
  }

  /**
   * Has a revision looked at if it has no table yet. Resolves when that is done, or after a second: the look
   * then goes on. Never rejects.
   */
  async prepare(revision: Revision): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, patience)
    await Promise.race([this.look(revision), late])
    clearTimeout(timer)
  }

  /** Resolves at the end of the look. Never rejects. */
  look(revision: Revision): Promise<void> {
    const known = this.#looks.get(revision.id)
    if (known) return known
    // What a stranger wrote is evaluated only as far as an image needs it.
    if (!revision.trusted || this.#stop.signal.aborted) return Promise.resolve()
    if (this.#queue.size >= mostWaiting || performance.now() < this.#smallAgain) return Promise.resolve()
    const looking = this.#queue.add(() => this.#look(revision)).catch((error: unknown) => this.#report(error))
    this.#looks.set(revision.id, looking)
    return looking
  }

  /** Ends the look that runs. */
  async stop(): Promise<void> {
    this.#stop.abort(new Stopped('the server is stopping'))
    this.#queue.clear()
    await this.#queue.onIdle()
  }

  async #look(revision: Revision): Promise<void> {
    const { find, tables, logger, onTable } = this.#options
    if (this.#stop.signal.aborted || (await tables.isPinned(revision))) return
    const start = performance.now()
    const end = new AbortController()
    const timer = setTimeout(() => end.abort(new TooLong(`it took longer than ${longest / 1000} s`)), longest)
    const signal = AbortSignal.any([this.#stop.signal, end.signal])
    try {
      signal.throwIfAborted()
      const onProgress = (what: string, _done: number, of: number) => {
        if (what === 'attributes' && of > mostAttributes) end.abort(new TooLarge(`it has ${of} attributes`))
      }
      const found = await find(revision, { signal, onProgress })
      signal.throwIfAborted()
      if (found.nodes.length === 0 || found.share < leastShare) {
        const share = Math.round(found.share * 100)
        logger.debug({ revision: revision.label, share }, 'too little of the set is built for a layer table')
        return
      }
      if (!isOutgrown(await tables.newest(revision.id), found.nodes)) return
      const table = await makeTableInThread(found, signal)
      signal.throwIfAborted()
      await tables.offer(table)
      onTable(revision)
      const seconds = Math.round(performance.now() - start) / 1000
      logger.info({ revision: revision.label, paths: found.nodes.length, seconds }, 'a layer table was made')
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }

  #report(error: unknown): void {
    const { logger } = this.#options
    if (error instanceof Stopped) return
    if (error instanceof TooLarge || error instanceof TooLong) {
      this.#smallAgain = performance.now() + largeFor
      logger.info(`the package set is not looked at whole: ${error.message}`)
      return
    }
    logger.warn({ err: error }, 'no layer table was made of the package set')
  }
}

class Stopped extends NixeryError {}
class TooLarge extends NixeryError {}
class TooLong extends NixeryError {}
