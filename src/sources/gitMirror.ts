import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { flush } from './flush.ts'
import { git, gitAgrees, GitFailed } from './gitCommand.ts'

/** A bare repository with the commits that were needed. It has no history if the remote allows that. */
export class GitMirror {
  readonly #folder: string
  readonly #repository: string

  constructor(folder: string, repository: string) {
    this.#folder = folder
    this.#repository = repository
  }

  /**
   * Fetches a commit with all its files, unless it is there already.
   * @throws UnknownTag if the remote does not have it; SourceFailed
   */
  async fetch(commit: string, run: RunOptions): Promise<void> {
    await this.#create(run)
    // The reference is made last, when everything that it needs is on the disk. An object alone proves
    // nothing.
    if (await gitAgrees(this.#args('rev-parse', '--verify', '--quiet', keptRef(commit)), run)) return
    run.onEvent({ kind: 'log', line: `fetching ${commit}` })
    if (!(await this.#fetchCommit(commit, run))) await this.#fetchAll(run)
    // Git itself does not flush all objects, nor the file that says which history is missing.
    await flush(this.#folder, run)
    if (!(await this.#keep(commit, run))) throw noSuchCommit(commit)
  }

  /** Forgets a commit. Git removes it some day. */
  async forget(commit: string, run: RunOptions): Promise<void> {
    await git(this.#args('update-ref', '-d', keptRef(commit)), run)
  }

  /** Seconds since 1970. @throws SourceFailed */
  async timeOf(commit: string, run: RunOptions): Promise<number> {
    return Number(await git(this.#args('log', '-1', '--format=%ct', keptRef(commit), '--'), run))
  }

  /** Writes a commit's files, links and modes into an existing empty folder. @throws SourceFailed */
  async export(commit: string, folder: string, run: RunOptions): Promise<void> {
    const index = `${folder}.index`
    const settings = ['-c', 'core.bare=false', '-c', 'core.autocrlf=false', `--work-tree=${folder}`]
    const env = { GIT_INDEX_FILE: index }
    await git([...settings, ...this.#args('read-tree', keptRef(commit))], run, env)
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

  /** @returns false if the remote gives only what its references point at, or always sends the history */
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

  /** The last resort, for remotes that support neither single commits nor shallow fetches. */
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

  async #keep(commit: string, run: RunOptions): Promise<boolean> {
    if (!(await gitAgrees(this.#args('cat-file', '-e', `${commit}^{commit}`), run))) return false
    await git(this.#args('update-ref', keptRef(commit), commit), run)
    return true
  }

  #args(...args: readonly string[]): readonly string[] {
    return [`--git-dir=${this.#folder}`, ...args]
  }
}

/** The reference by which the mirror keeps a commit. */
function keptRef(commit: string): string {
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
