import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isAbandoned } from '../../work/owner.ts'

/** Removes what writers that are gone left behind. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (await isAbandoned(path)) await unlink(path).catch(() => undefined)
  }
}
