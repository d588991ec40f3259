import type { Entry } from '../../oci/entry.ts'

/**
 * That every entry comes once, after the directories that it is in, and under a plain relative path.
 * @throws TypeError naming the entry that does not
 */
export function checkEntries(entries: readonly Entry[]): void {
  const kinds = new Map<string, Entry['kind']>()
  for (const { path, kind } of entries) {
    const names = path.split('/')
    if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
      throw new TypeError(`not a plain relative path: '${path}'`)
    }
    if (kinds.has(path)) throw new TypeError(`'${path}' comes twice`)
    const parent = names.slice(0, -1).join('/')
    if (parent !== '' && kinds.get(parent) !== 'directory') {
      throw new TypeError(`'${path}' does not come after a directory '${parent}'`)
    }
    kinds.set(path, kind)
  }
}
