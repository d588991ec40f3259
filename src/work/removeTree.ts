import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './errno.ts'

/**
 * Removes a folder with all that is in it. In a Nix store, even the owner of a folder may not write to it.
 */
export async function removeTree(folder: string): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true })
  await remove().catch(async (error: unknown) => {
    if (codeOf(error) !== 'EACCES') throw error
    await makeWritable(folder)
    await remove()
  })
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name))
  }
}
