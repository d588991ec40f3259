import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { flush } from './flush.ts'
import { git, gitAgrees, GitFailed } from './gitCommand.ts'

/** A bare repository that holds the commits that were asked for, without their history where the remote allows it. */
export class GitMirror {
  readonly #folder: string
  readonly #repository: string

  constructor(folder: string, repository: string) {
    this.#folder = folder
    this.#repository = repository
  }

  /**
   * Fetches a commit, with all its files, unless it is there.
   * @throws UnknownTag when the remote does not have it; SourceFailed
   */
  async fetch(commit: string, run: RunOptions): Promise<void> {
    await this.#create(run)
    // The reference is made last, when all that it needs is on the disk; an object alone may lack the rest.
    if (await gitAgrees(this.#args('rev-parse', '--verify', '--quiet', held(commit)), run)) return
    run.onEvent({ kind: 'log', line: `fetching ${commit}` })
    if (!(await this.#fetchCommit(commit, run))) await this.#fetchAll(run)
    // Git itself flushes neither all objects nor the note of which history was left out.
    await flush(this.#folder, run)
    if (!(await this.#hold(commit, run))) throw noSuchCommit(commit)
  }

  /** Lets go of a commit: git removes it some day. */
  async forget(commit: string, run: RunOptions): Promise<void> {
    await git(this.#args('update-ref', '-d', held(commit)), run)
  }

  /** Seconds since 1970. @throws SourceFailed */
  async timeOf(commit: string, run: RunOptions): Promise<number> {
    return Number(await git(this.#args('log', '-1', '--format=%ct', held(commit), '--'), run))
  }

  /** Writes a commit's files, links and modes into a folder that is there and empty. @throws SourceFailed */
  async export(commit: string, folder: string, run: RunOptions): Promise<void> {
    const index = `${folder}.index`
    const settings = ['-c', 'core.bare=false', '-c', 'core.autocrlf=false', `--work-tree=${folder}`]
    const env = { GIT_INDEX_FILE: index }
    await git([...settings, ...this.#args('read-tree', held(commit))], run, env)
    await git([...settings, ...this.#args('checkout-index', '--all', '--force', '--quiet')], run, env)
    await rm(index)
  }

  async #create(run: RunOptions): Promise<void> {
    if (await exists(this.#folder)) return
    const unfinished = `${this.#folder}.tmp-${randomUUID()}`
    await mkdir(dirname(this.#folder), { recursive: true })
    await git(['init', '--quiet', '--bare', '--template=', '--', unfinished], run)
    await flush(unfinished, run)
    await rename(unfinished, this.#folder).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true })
      if (!(await exists(this.#folder))) throw error
    })
  }

  /** @returns false where the remote gives only what its references point at, or cannot leave history out. */
  async #fetchCommit(commit: string, run: RunOptions): Promise<boolean> {
    try {
      await this.#fetchInto(['--depth=1'], [commit], run)
      return true
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error
      if (/not our ref/.test(error.message)) throw noSuchCommit(commit, error)
      if (/unadvertised object|does not support shallow|no such remote ref/i.test(error.message)) return false
      throw error
    }
  }

  /** The last resort, for remotes that know neither single commits nor shallow fetches. */
  async #fetchAll(run: RunOptions): Promise<void> {
    run.onEvent({ kind: 'log', line: 'the remote gives no single commits: fetching all that it has' })
    const shallow = await git(this.#args('rev-parse', '--is-shallow-repository'), run)
    const deepen = shallow.trim() === 'true' ? ['--unshallow'] : []
    const all = ['+refs/heads/*:refs/nixery/all/heads/*', '+refs/tags/*:refs/nixery/all/tags/*']
    await this.#fetchInto(deepen, all, run)
  }

  async #fetchInto(options: readonly string[], refspecs: readonly string[], run: RunOptions): Promise<void> {
    const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
    await git(this.#args('fetch', ...quiet, ...options, '--', this.#repository, ...refspecs), run)
  }

  async #hold(commit: string, run: RunOptions): Promise<boolean> {
    if (!(await gitAgrees(this.#args('cat-file', '-e', `${commit}^{commit}`), run))) return false
    await git(this.#args('update-ref', held(commit), commit), run)
    return true
  }

  #args(...args: readonly string[]): readonly string[] {
    return [`--git-dir=${this.#folder}`, ...args]
  }
}

/** The reference by which the mirror keeps a commit. */
function held(commit: string): string {
  return `refs/nixery/commits/${commit}`
}

function noSuchCommit(commit: string, cause?: Error): UnknownTag {
  return new UnknownTag(`the repository has no commit ${commit}`, { cause })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
