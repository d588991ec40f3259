import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbandoned } from '../../work/owner.ts'

/** Removes files of writers that no longer run. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (await isAbandoned(path)) await unlink(path).catch(() => undefined)
  }
}
