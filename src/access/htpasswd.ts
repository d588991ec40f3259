import { AccessFileError } from './accessFileError.ts'

/** Rounds as a power of two. A check at 14 takes about a second, and a guesser can ask for many. */
const dearest = 14
const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/**
 * Users and the hashes of their passwords: what `htpasswd -B` writes.
 * @param file its name, for messages
 * @throws AccessFileError with every fault and its line
 */
export function parseHtpasswd(content: string, file: string): ReadonlyMap<string, string> {
  const users = new Map<string, string>()
  const faults: string[] = []
  for (const [index, whole] of content.split('\n').entries()) {
    const line = whole.trim()
    if (line === '' || line.startsWith('#')) continue
    const [name = '', hash = ''] = line.split(':')
    const fault = faultOf(name, hash, users)
    if (fault === undefined) users.set(name, hash)
    else faults.push(`${file}:${index + 1}: ${fault}`)
  }
  if (faults.length > 0) throw new AccessFileError(faults)
  return users
}

function faultOf(name: string, hash: string, users: ReadonlyMap<string, string>): string | undefined {
  if (name === '') return 'a line is USER:HASH'
  if (users.has(name)) return `the user '${name}' is there twice`
  const cost = bcrypt.exec(hash)?.[1]
  if (cost === undefined) return `the password of '${name}' is not hashed with bcrypt (htpasswd -B)`
  if (Number(cost) > dearest) return `the cost of the password of '${name}' is ${cost}: at most ${dearest}`
  return undefined
}
