import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SourceFailed } from '../errors.ts'
import { isMissing } from '../work/errno.ts'
import type { RunOptions } from '../work/events.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import { bootId } from './boot.ts'
import { isCommit } from './commit.ts'

/**
 * Milliseconds since a checkout was last asked for, for which it may still be read. Longer than any usual
 * build.
 */
const inUseFor = 60 * 60 * 1000
/** Milliseconds after which a checkout that was not finished is what a crash left. */
const abandonedAfter = 24 * 60 * 60 * 1000

/** The files of a commit. `created` in seconds since 1970. */
export interface Checkout {
  readonly path: string
  readonly created: number
}

const recordSchema = z.object({
  /** When the content was made, in seconds since 1970. */
  created: z.number().int().nonnegative(),
  /** The run of the machine in which the files were last known to be whole. */
  boot: z.string(),
  /** Hash of the files, for sources that need one. */
  hash: z.string().optional(),
})

/** What stands beside a checkout. */
export type CheckoutRecord = z.infer<typeof recordSchema>

interface CheckoutsOptions {
  readonly folder: string
  /** How many are kept at least; older ones go when they were not asked for lately. */
  readonly kept: number
  /** How many may be in use before commits are refused: each is as large as the package set. */
  readonly most: number
  /** Whether files are still as they were written, in the folder that `add` had filled. */
  readonly isIntact: (folder: string, record: CheckoutRecord, run: RunOptions) => Promise<boolean>
}

/**
 * Folders with the files of commits, `<folder>/<commit>/source`: whole or not there at all, and bounded in
 * number. The name `source` is the one that Nix gives to what it fetches, so sets that refer to their own
 * folder are evaluated alike. Nothing is forced to the disk, which would take longer than the rest: after the
 * machine was started anew, files are checked before they are used.
 */
export class Checkouts {
  readonly #options: CheckoutsOptions
  readonly #checks = new SingleFlight<boolean>()
  /** Commits that were checked, or written, by this process. */
  readonly #whole = new Set<string>()

  constructor(options: CheckoutsOptions) {
    this.#options = options
  }

  async find(commit: string, run: RunOptions): Promise<Checkout | undefined> {
    const folder = this.#folderOf(commit)
    const record = await readRecord(folder)
    if (!record || !(await this.#isWhole(commit, record, run))) return undefined
    const now = new Date()
    await utimes(folder, now, now)
    return { path: join(folder, 'source'), created: record.created }
  }

  /**
   * @param write fills `source` in the folder that it is given, and answers when its content was made
   * @param always whether to add it even if very many commits are in use
   * @throws SourceFailed when too many commits are in use; what `write` throws
   */
  async add(
    commit: string,
    run: RunOptions,
    write: (folder: string) => Promise<Omit<CheckoutRecord, 'boot'>>,
    always = false,
  ): Promise<Checkout> {
    await mkdir(this.#options.folder, { recursive: true })
    if (!always) await this.#refuseTooMany()
    const unfinished = join(this.#options.folder, `tmp-${randomUUID()}`)
    const folder = this.#folderOf(commit)
    try {
      await mkdir(join(unfinished, 'source'), { recursive: true })
      const record = { ...(await write(unfinished)), boot: await bootId() }
      await writeRecord(unfinished, record)
      await rename(unfinished, folder).catch(async () => {
        // Another server that shares the folder may have been faster. What is there else is damaged.
        if (await this.find(commit, run)) return
        await this.#remove(commit)
        await rename(unfinished, folder)
      })
      this.#whole.add(commit)
      return { path: join(folder, 'source'), created: record.created }
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  /** Removes what is too much, and what crashes left. @returns the commits that went */
  async prune(): Promise<readonly string[]> {
    const aged = await this.#ages()
    const unfinished = aged.filter(({ name, age }) => name.startsWith('tmp-') && age > abandonedAfter)
    const surplus = aged
      .filter(({ name }) => isCommit(name))
      .toSorted((a, b) => a.age - b.age)
      .slice(this.#options.kept)
      .filter(({ age }) => age > inUseFor)
    for (const { name } of [...unfinished, ...surplus]) await this.#remove(name)
    return surplus.map(({ name }) => name)
  }

  /** Commits that are there and that begin with some digits. */
  async complete(digits: string): Promise<readonly string[]> {
    const names = await this.#names()
    return names.filter((name) => isCommit(name) && name.startsWith(digits))
  }

  async #isWhole(commit: string, record: CheckoutRecord, run: RunOptions): Promise<boolean> {
    if (this.#whole.has(commit) || record.boot === (await bootId())) return true
    return this.#checks.run(commit, run, async (shared) => {
      const boot = await bootId()
      const folder = this.#folderOf(commit)
      shared.onEvent({
        kind: 'log',
        line: `checking the files of ${commit}, since the machine was started anew`,
      })
      if (await this.#options.isIntact(folder, record, shared)) {
        await writeRecord(folder, { ...record, boot })
        this.#whole.add(commit)
        return true
      }
      shared.onEvent({ kind: 'log', line: `the files of ${commit} are damaged: they are fetched again` })
      await this.#remove(commit)
      return false
    })
  }

  async #refuseTooMany(): Promise<void> {
    const used = (await this.#ages()).filter(({ name, age }) => isCommit(name) && age <= inUseFor)
    if (used.length >= this.#options.most)
      throw new SourceFailed(
        `${used.length} commits of the package set are in use, no further one can be fetched before an hour has passed`,
      )
  }

  async #ages(): Promise<readonly { readonly name: string; readonly age: number }[]> {
    const now = Date.now()
    const age = async (name: string) => {
      const info = await stat(join(this.#options.folder, name)).catch(() => undefined)
      return { name, age: info ? now - info.mtimeMs : 0 }
    }
    return Promise.all((await this.#names()).map(age))
  }

  async #names(): Promise<readonly string[]> {
    try {
      return await readdir(this.#options.folder)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  #folderOf(commit: string): string {
    return join(this.#options.folder, commit)
  }

  async #remove(name: string): Promise<void> {
    this.#whole.delete(name)
    const leaving = join(this.#options.folder, `tmp-${randomUUID()}`)
    try {
      await rename(join(this.#options.folder, name), leaving)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    await rm(leaving, { recursive: true, force: true })
  }
}

/** Undefined also for a file that a loss of power has emptied, say. */
async function readRecord(folder: string): Promise<CheckoutRecord | undefined> {
  try {
    return recordSchema.safeParse(JSON.parse(await readFile(join(folder, 'checkout.json'), 'utf8'))).data
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function writeRecord(folder: string, record: CheckoutRecord): Promise<void> {
  const unfinished = join(folder, `checkout.json.${randomUUID()}`)
  await writeFile(unfinished, JSON.stringify(record))
  await rename(unfinished, join(folder, 'checkout.json'))
}
