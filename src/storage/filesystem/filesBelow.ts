import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { unlessMissing } from './faults.ts'

/**
 * Files below a folder, at any depth, by their path from `root`. None if the folder does not exist. Folders
 * are read one by one, so that one that is removed meanwhile does not hide the others.
 */
export async function* filesBelow(root: string, folder: string): AsyncIterable<string> {
  const entries = await unlessMissing(readdir(join(root, folder), { withFileTypes: true }))
  for (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(root, path)
    else if (entry.isFile()) yield path
  }
}
