import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../work/errno.ts'
import type { RunOptions } from '../work/events.ts'
import { flush } from './flush.ts'

/** Milliseconds after its last use in which a checkout may still be read. Longer than any usual build. */
const inUseFor = 60 * 60 * 1000
/** Milliseconds. An unfinished checkout that is older was left by a crash. */
const abandonedAfter = 24 * 60 * 60 * 1000

/** The files of a commit. `created` in seconds since 1970. */
export interface Checkout {
  readonly path: string
  readonly created: number
}

/**
 * Folders with the files of commits: `<folder>/<commit>/source`. A checkout is complete or absent, and the
 * number of checkouts is limited. The name `source` is the one that Nix gives to what it fetches, so package
 * sets that refer to their own folder evaluate to the same.
 */
export class Checkouts {
  readonly #folder: string
  readonly #kept: number

  /** @param kept how many checkouts are always kept. More are removed when they were not used for a while. */
  constructor(folder: string, kept: number) {
    this.#folder = folder
    this.#kept = kept
  }

  async find(commit: string): Promise<Checkout | undefined> {
    const folder = join(this.#folder, commit)
    try {
      const created = parseTime(await readFile(join(folder, 'created'), 'utf8'))
      if (created === undefined) return undefined
      const now = new Date()
      await utimes(folder, now, now)
      return { path: join(folder, 'source'), created }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /**
   * @param write fills the folder. Returns when its content was made, in seconds since 1970.
   * @throws SourceFailed if it cannot be put on the disk, and what `write` throws
   */
  async add(commit: string, run: RunOptions, write: (folder: string) => Promise<number>): Promise<Checkout> {
    const unfinished = join(this.#folder, `tmp-${randomUUID()}`)
    const folder = join(this.#folder, commit)
    try {
      await mkdir(join(unfinished, 'source'), { recursive: true })
      const created = await write(join(unfinished, 'source'))
      await writeFile(join(unfinished, 'created'), String(created))
      await flush(unfinished, run)
      await rename(unfinished, folder).catch(async () => {
        // Another server that shares the folder may have been faster. Otherwise the existing folder is
        // damaged.
        if (await this.find(commit)) return
        await this.#remove(commit)
        await rename(unfinished, folder)
      })
      return { path: join(folder, 'source'), created }
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  /** Removes surplus checkouts and what crashes left. @returns the removed commits */
  async prune(): Promise<readonly string[]> {
    const now = Date.now()
    const aged = await Promise.all((await readdir(this.#folder)).map((name) => this.#ageOf(name, now)))
    const unfinished = aged.filter(({ name, age }) => name.startsWith('tmp-') && age > abandonedAfter)
    const surplus = aged
      .filter(({ name }) => /^[0-9a-f]{40}$/.test(name))
      .toSorted((a, b) => a.age - b.age)
      .slice(this.#kept)
      .filter(({ age }) => age > inUseFor)
    for (const { name } of [...unfinished, ...surplus]) await this.#remove(name)
    return surplus.map(({ name }) => name)
  }

  async #ageOf(name: string, now: number): Promise<{ name: string; age: number }> {
    const info = await stat(join(this.#folder, name)).catch(() => undefined)
    return { name, age: info ? now - info.mtimeMs : 0 }
  }

  async #remove(name: string): Promise<void> {
    const removed = join(this.#folder, `tmp-${randomUUID()}`)
    try {
      await rename(join(this.#folder, name), removed)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    await rm(removed, { recursive: true, force: true })
  }
}

/** Returns undefined if the file makes no sense, for example if a power failure has emptied it. */
function parseTime(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined
}
