import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UnknownTag } from '../errors.ts'
import { isMissing } from '../work/errno.ts'
import type { RunOptions } from '../work/events.ts'
import { BareRepository } from './bareRepository.ts'
import { GitFailed } from './gitCommand.ts'
import type { Remote } from './remote.ts'

/** How files are written and looked at: as they are in the commit. */
const settings: readonly string[] = ['-c', 'core.bare=false', '-c', 'core.autocrlf=false']

/**
 * A bare repository that holds the commits that were asked for, without their history where the remote allows
 * it.
 */
export class GitMirror {
  readonly #repository: BareRepository
  readonly #remote: Remote

  constructor(folder: string, remote: Remote) {
    this.#repository = new BareRepository(folder)
    this.#remote = remote
  }

  /**
   * Writes a commit's files, links and modes to `<folder>/source`, which is there and empty, and what
   * `isIntact` needs beside it. What the mirror lacks is fetched. @returns when the commit was made, in
   * seconds since 1970
   * @throws UnknownTag when the remote does not have it; SourceFailed
   */
  async checkOut(commit: string, folder: string, run: RunOptions): Promise<number> {
    await this.#fetch(commit, run)
    try {
      return await this.#export(commit, folder, run)
    } catch (error) {
      // A loss of power may have taken what was fetched lately.
      if (!(error instanceof GitFailed) || !isDamage(error)) throw error
      run.onEvent({ kind: 'log', line: `the mirror is damaged and is made anew: ${error.message}` })
      await this.#repository.remove()
      await this.#fetch(commit, run)
      return this.#export(commit, folder, run)
    }
  }

  /** Whether the files that `checkOut` wrote still are those of the commit. @throws SourceFailed */
  async isIntact(folder: string, run: RunOptions): Promise<boolean> {
    await this.#repository.create(run)
    // The list says nothing about sizes and times, so git reads all files; it notes these in the copy.
    const checked = join(folder, 'index.checked')
    try {
      await copyFile(join(folder, 'index'), checked)
      const args = [...settings, `--work-tree=${join(folder, 'source')}`, 'update-index', '--refresh']
      return await this.#repository.agrees(args, run, { GIT_INDEX_FILE: checked })
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    } finally {
      await rm(checked, { force: true })
    }
  }

  /** Lets go of a commit: git removes it some day. */
  async forget(commit: string, run: RunOptions): Promise<void> {
    await this.#repository.git(['update-ref', '-d', held(commit)], run)
  }

  /** Commits that were fetched and that begin with some digits. @throws SourceFailed */
  async complete(digits: string, run: RunOptions): Promise<readonly string[]> {
    if (!(await this.#repository.exists())) return []
    const format = '--format=%(objectname)'
    const names = await this.#repository.git(['for-each-ref', format, `${held(digits)}*`], run)
    return names.split('\n').filter(Boolean)
  }

  async #fetch(commit: string, run: RunOptions): Promise<void> {
    await this.#repository.create(run)
    // The reference is made last, when all that it needs is there; an object alone may lack the rest.
    if (await this.#repository.agrees(['rev-parse', '--verify', '--quiet', held(commit)], run)) return
    run.onEvent({ kind: 'log', line: `fetching ${commit}` })
    if (!(await this.#fetchCommit(commit, run))) await this.#fetchAll(run)
    if (!(await this.#repository.agrees(['cat-file', '-e', `${commit}^{commit}`], run)))
      throw noSuchCommit(commit)
    await this.#repository.git(['update-ref', held(commit), commit], run)
  }

  async #export(commit: string, folder: string, run: RunOptions): Promise<number> {
    const tree = [...settings, `--work-tree=${join(folder, 'source')}`]
    await this.#repository.git([...tree, 'read-tree', held(commit)], run, indexOf(folder))
    await this.#repository.git(
      [...tree, 'checkout-index', '--all', '--force', '--quiet'],
      run,
      indexOf(folder),
    )
    return Number(await this.#repository.git(['log', '-1', '--format=%ct', held(commit), '--'], run))
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
    const shallow = await this.#repository.git(['rev-parse', '--is-shallow-repository'], run)
    const deepen = shallow.trim() === 'true' ? ['--unshallow'] : []
    const all = ['+refs/heads/*:refs/nixery/all/heads/*', '+refs/tags/*:refs/nixery/all/tags/*']
    await this.#fetchInto(deepen, all, run)
  }

  async #fetchInto(options: readonly string[], refspecs: readonly string[], run: RunOptions): Promise<void> {
    const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
    const args = ['fetch', ...quiet, ...options, '--', this.#remote.address, ...refspecs]
    await this.#remote.git(this.#repository.args(args), run)
  }
}

/** The list of the commit's files and their hashes. Git checks the list by a hash of its own. */
function indexOf(folder: string): Readonly<Record<string, string>> {
  return { GIT_INDEX_FILE: join(folder, 'index') }
}

/** The reference by which the mirror keeps a commit. */
function held(commit: string): string {
  return `refs/nixery/commits/${commit}`
}

function noSuchCommit(commit: string, cause?: Error): UnknownTag {
  return new UnknownTag(`the repository has no commit ${commit}`, { cause })
}

function isDamage({ message }: GitFailed): boolean {
  return /unable to|corrupt|bad object|not a valid object|failed to (unpack|read)|inflate/i.test(message)
}
