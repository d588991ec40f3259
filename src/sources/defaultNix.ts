import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidSource } from '../errors.ts'

/** @param what has the folder, for people @throws InvalidSource if the folder has no `default.nix` */
export async function requireDefaultNix(folder: string, what: string): Promise<void> {
  try {
    await access(join(folder, 'default.nix'))
  } catch (cause) {
    throw new InvalidSource(`${what} is no package set: it has no file default.nix that can be read`, {
      cause,
    })
  }
}
