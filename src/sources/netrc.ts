import { readFile } from 'node:fs/promises'
import { SourceFailed } from '../errors.ts'
import { isMissing } from '../work/errno.ts'
import type { Credentials } from './address.ts'

/** What a netrc file has for a host. Undefined also if there is no such file. @throws SourceFailed */
export async function credentialsInFile(file: string, host: string): Promise<Credentials | undefined> {
  try {
    return credentialsIn(await readFile(file, 'utf8'), host)
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw new SourceFailed(`the file with credentials ${file} cannot be read`, { cause })
  }
}

/**
 * The first entry for a host, or else the default one: the format of netrc(5), which curl, git and Nix read
 * too.
 */
function credentialsIn(text: string, host: string): Credentials | undefined {
  const words = text.replaceAll(/^\s*#.*$/gm, '').match(/\S+/g) ?? []
  let entry: { applies: boolean; username?: string; password?: string } | undefined
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === 'machine' || word === 'default') {
      if (entry?.applies) break
      entry = { applies: word === 'default' || words[++at]?.toLowerCase() === host.toLowerCase() }
    } else if (entry && word === 'login') entry.username = words[++at] ?? ''
    else if (entry && word === 'password') entry.password = words[++at] ?? ''
    else if (word === 'account') at++
    else if (word === 'macdef') break
  }
  if (!entry?.applies) return undefined
  return { username: entry.username ?? '', password: entry.password ?? '' }
}
