import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { SourceFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { BareRepository } from './bareRepository.ts'
import { GitFailed } from './gitCommand.ts'
import type { Remote } from './remote.ts'

/** Milliseconds after which commits that are not in the history make it be fetched again. */
const oftenest = 30_000
/** Milliseconds that one who asks waits for a history that is being fetched. */
const patience = 20_000
/**
 * Milliseconds for fetching a history. That of Nixpkgs, a million commits, takes minutes for the first time.
 */
const fetchWithin = 15 * 60_000
/** Bytes that a history may take on the disk: twice that of Nixpkgs. */
const mostBytes = 2 * 1024 ** 3
/** Milliseconds between two looks at its size. */
const lookEvery = 1_000

/** Programs that look into the history side by side, whatever is asked for. */
const questionsAtOnce = 2

/**
 * The commits, without files, of all branches and tags of a remote. It is fetched when somebody asks for a
 * commit for the first time, and again when it may have grown old.
 */
export class History {
  readonly #repository: BareRepository
  readonly #remote: Remote
  readonly #pinTtl: number
  readonly #most: number
  readonly #questions = new PQueue({ concurrency: questionsAtOnce })
  readonly #stop = new AbortController()
  #fetching: { readonly ended: Promise<void>; readonly started: number } | undefined
  #fetched = -Infinity
  #tried = -Infinity

  /**
   * @param pinTtl seconds for which branches and tags may be used without asking again
   * @param most bytes that it may take on the disk
   */
  constructor(folder: string, remote: Remote, pinTtl: number, most = mostBytes) {
    this.#most = most
    this.#repository = new BareRepository(folder)
    this.#remote = remote
    this.#pinTtl = pinTtl * 1000
  }

  /** Whether a branch or tag has a commit, or is one. False also as long as that cannot be found out. */
  async contains(commit: string, run: RunOptions): Promise<boolean> {
    await this.#refresh(this.#pinTtl, run)
    if (await this.#reaches(commit, run)) return true
    const before = this.#fetched
    await this.#refresh(Math.min(this.#pinTtl, oftenest), run)
    return this.#fetched !== before && (await this.#reaches(commit, run))
  }

  /** Commits of branches and tags that begin with some digits. */
  async complete(digits: string, run: RunOptions): Promise<readonly string[]> {
    await this.#refresh(this.#pinTtl, run)
    if (!(await this.#repository.exists())) return []
    const objects = await this.#repository.git(['rev-parse', `--disambiguate=${digits}`], run).catch(nothing)
    const reachable = objects
      .split('\n')
      .filter(Boolean)
      .map(async (object) => ((await this.#reaches(object, run)) ? [object] : []))
    return (await Promise.all(reachable)).flat()
  }

  /** Ends a fetch that is under way. */
  async close(): Promise<void> {
    this.#stop.abort(new SourceFailed('the server is stopping'))
    await this.#fetching?.ended
  }

  async #reaches(commit: string, run: RunOptions): Promise<boolean> {
    if (!(await this.#repository.exists())) return false
    try {
      // It lists the commit unless a reference leads to it, and fails if the history does not have it.
      const args = ['rev-list', '--max-count=1', commit, '--not', '--all']
      const look = () => this.#repository.git(args, run)
      return (await this.#questions.add(look, { signal: run.signal })) === ''
    } catch (error) {
      if (error instanceof GitFailed) return false
      throw error
    }
  }

  /** Fetches it if it is older than so many milliseconds, and waits, but not for ever. */
  async #refresh(oldest: number, run: RunOptions): Promise<void> {
    const now = performance.now()
    const retry = Math.min(this.#pinTtl, oftenest)
    if (!this.#fetching && now - this.#fetched > oldest && now - this.#tried > retry) {
      this.#tried = now
      const ended = this.#fetch(run).finally(() => (this.#fetching = undefined))
      this.#fetching = { ended, started: now }
    }
    if (!this.#fetching) return
    const { ended, started } = this.#fetching
    await waitFor(ended, started + patience - now, run.signal)
  }

  /** It goes on when nobody waits for it any more. Never rejects: what is there already is used on. */
  async #fetch({ onEvent }: RunOptions): Promise<void> {
    const log = (line: string) => onEvent({ kind: 'log', line })
    const enough = new AbortController()
    const signals = [this.#stop.signal, AbortSignal.timeout(fetchWithin), enough.signal]
    const run: RunOptions = { signal: AbortSignal.any(signals), onEvent }
    const guard = setInterval(() => void this.#bound(enough), lookEvery).unref()
    try {
      if (!(await this.#repository.exists()))
        log('fetching the commits of all branches and tags, to tell which commits are theirs')
      await this.#fetchOnce(run).catch(async (error: unknown) => {
        if (!(error instanceof GitFailed) || !isDamage(error)) throw error
        await this.#repository.remove()
        await this.#fetchOnce(run)
      })
      this.#fetched = performance.now()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log(`the history of the remote cannot be fetched, commits count as its own only if known: ${why}`)
    } finally {
      clearInterval(guard)
    }
  }

  async #fetchOnce(run: RunOptions): Promise<void> {
    await this.#repository.create(run)
    const settings = {
      'remote.origin.url': this.#remote.address,
      // Without these git would take a commit without files for damage.
      'remote.origin.promisor': 'true',
      'remote.origin.partialclonefilter': 'tree:0',
      'fetch.writeCommitGraph': 'true',
      // A repository on this machine may be asked to leave out files, whatever its own settings are.
      ...(isLocal(this.#remote.address)
        ? { 'remote.origin.uploadpack': 'git -c uploadpack.allowFilter=true upload-pack' }
        : {}),
    }
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--prune']
    const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
    const args = this.#repository.args([
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      'fetch',
      ...options,
      '--filter=tree:0',
      'origin',
      ...refs,
    ])
    await this.#remote.git(args, run)
  }

  /** A remote that cannot leave out files sends them all: for a large one that is too much. */
  async #bound(enough: AbortController): Promise<void> {
    const packs = join(this.#repository.folder, 'objects/pack')
    const names = await readdir(packs).catch(() => [])
    const sizes = names.map((name) =>
      stat(join(packs, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    if (total > this.#most) enough.abort(new SourceFailed(`it takes more than ${this.#most} bytes`))
  }
}

function isLocal(address: string): boolean {
  return address.startsWith('/') || address.startsWith('.') || address.startsWith('file:')
}

/** What the remote says about itself is no damage here. */
function isDamage({ message }: GitFailed): boolean {
  if (message.includes('remote:')) return false
  return /bad object|corrupt|unable to read|not a git repository|invalid index|inflate|loose object/i.test(
    message,
  )
}

/** Waits until something has ended, at most so many milliseconds. @throws the signal's reason */
async function waitFor(ended: Promise<void>, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    await Promise.race([ended, promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function nothing(error: unknown): string {
  if (error instanceof GitFailed) return ''
  throw error
}
