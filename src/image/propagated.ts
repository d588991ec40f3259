import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../work/errno.ts'

/**
 * Store paths that a package cannot be used without. Python and Perl modules list what they import in
 * `nix-support/propagated-build-inputs`, since none of their files refers to it.
 */
export async function readPropagated(path: string): Promise<readonly string[]> {
  try {
    const text = await readFile(join(path, 'nix-support/propagated-build-inputs'), 'utf8')
    return text.split(/\s+/).filter(Boolean)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return []
    throw error
  }
}
