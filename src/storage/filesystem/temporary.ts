import { randomUUID } from 'node:crypto'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isOwnerGone, ownerOf } from '../../process/owner.ts'

/** A temporary file of another machine or container this old (ms) belongs to no writer: no build takes so long. */
const abandonedAfter = 24 * 3600 * 1000

/** A name that says whose it is, so that what a killed server left can be told from work in progress. */
export async function temporaryName(): Promise<string> {
  return `${await owner}.${randomUUID()}`
}

const owner = ownerOf()

/** Removes what writers that are gone left behind. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (await isAbandoned(path, name)) await unlink(path).catch(() => undefined)
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const gone = await isOwnerGone(name)
  if (gone !== undefined) return gone
  const stats = await stat(path).catch(() => undefined)
  return stats !== undefined && Date.now() - stats.mtimeMs > abandonedAfter
}
