import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../work/errno.ts'
import type { RunOptions } from '../work/events.ts'
import { flush } from './flush.ts'

/** Milliseconds since a checkout was last asked for, for which it may still be read. Longer than any usual build. */
const IN_USE = 60 * 60 * 1000
/** Milliseconds after which a checkout that was not finished is what a crash left. */
const ABANDONED_AFTER = 24 * 60 * 60 * 1000

/** The files of a commit. `created` in seconds since 1970. */
export interface Checkout {
  readonly path: string
  readonly created: number
}

/**
 * Folders with the files of commits, `<folder>/<commit>/source`: whole or not there at all, and bounded in number.
 * The name `source` is the one that Nix gives to what it fetches, so sets that refer to their own folder are
 * evaluated alike.
 */
export class Checkouts {
  readonly #folder: string
  readonly #kept: number

  /** @param kept how many are kept at least; older ones go when they were not asked for lately */
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
   * @param write fills the folder and answers when its content was made
   * @throws SourceFailed where it cannot be put on the disk; what `write` throws
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
        // Another server that shares the folder may have been faster. What is there else is damaged.
        if (await this.find(commit)) return
        await this.#remove(commit)
        await rename(unfinished, folder)
      })
      return { path: join(folder, 'source'), created }
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  /** Removes what is too much, and what crashes left. @returns the commits that went */
  async prune(): Promise<readonly string[]> {
    const now = Date.now()
    const aged = await Promise.all((await readdir(this.#folder)).map((name) => this.#ageOf(name, now)))
    const unfinished = aged.filter(({ name, age }) => name.startsWith('tmp-') && age > ABANDONED_AFTER)
    const surplus = aged
      .filter(({ name }) => /^[0-9a-f]{40}$/.test(name))
      .toSorted((a, b) => a.age - b.age)
      .slice(this.#kept)
      .filter(({ age }) => age > IN_USE)
    for (const { name } of [...unfinished, ...surplus]) await this.#remove(name)
    return surplus.map(({ name }) => name)
  }

  async #ageOf(name: string, now: number): Promise<{ name: string; age: number }> {
    const info = await stat(join(this.#folder, name)).catch(() => undefined)
    return { name, age: info ? now - info.mtimeMs : 0 }
  }

  async #remove(name: string): Promise<void> {
    const leaving = join(this.#folder, `tmp-${randomUUID()}`)
    try {
      await rename(join(this.#folder, name), leaving)
    } catch (error) {
      if (isMissing(error)) return
      throw error
    }
    await rm(leaving, { recursive: true, force: true })
  }
}

/** Undefined for a file that a loss of power has emptied, say. */
function parseTime(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined
}
