import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RunOptions } from '../work/events.ts'
import { git, gitAgrees } from './gitCommand.ts'

/** A git repository of the server's own, without files, that holds what was fetched from a remote. */
export class BareRepository {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** Makes it unless it is there. @throws SourceFailed */
  async create(run: RunOptions): Promise<void> {
    if (await this.exists()) return
    const unfinished = `${this.folder}.tmp-${randomUUID()}`
    await mkdir(dirname(this.folder), { recursive: true })
    await git(['init', '--quiet', '--bare', '--template=', '--', unfinished], run)
    await rename(unfinished, this.folder).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true })
      if (!(await this.exists())) throw error
    })
  }

  /** Of what is damaged. It is made and filled again when it is needed. */
  async remove(): Promise<void> {
    const leaving = `${this.folder}.tmp-${randomUUID()}`
    await rename(this.folder, leaving)
    await rm(leaving, { recursive: true, force: true })
  }

  async exists(): Promise<boolean> {
    return access(this.folder).then(
      () => true,
      () => false,
    )
  }

  /** What git writes to stdout. @throws SourceFailed */
  git(args: readonly string[], run: RunOptions, env?: Readonly<Record<string, string>>): Promise<string> {
    return git(this.args(args), run, env)
  }

  /** Whether git says yes to a question about it. @throws SourceFailed */
  agrees(args: readonly string[], run: RunOptions, env?: Readonly<Record<string, string>>): Promise<boolean> {
    return gitAgrees(this.args(args), run, env)
  }

  /** Arguments for git itself. Objects come in packs, which git puts on the disk before it relies on them. */
  args(args: readonly string[]): readonly string[] {
    return [`--git-dir=${this.folder}`, '-c', 'fetch.unpackLimit=1', ...args]
  }
}
