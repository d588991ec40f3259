/** Counts how often this process opens files or looks at them. To be imported before whoever does that. */
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

export const files = { opened: 0, looked: 0 }

count(promises, 'open', 'opened')
count(promises, 'readFile', 'opened')
count(promises, 'stat', 'looked')
count(promises, 'lstat', 'looked')
count(promises, 'readdir', 'looked')
count(fs, 'openSync', 'opened')
count(fs, 'readFileSync', 'opened')
// Streams open files in their own way, unless they are given one that is open.
count(fs, 'createReadStream', 'opened', (path) => path !== '')
syncBuiltinESMExports()

function count<K extends string>(
  module: Record<K, (...args: never[]) => unknown>,
  name: K,
  kind: keyof typeof files,
  counts: (...args: unknown[]) => boolean = () => true,
): void {
  const original: (...args: never[]) => unknown = module[name]
  module[name] = (...args) => {
    if (counts(...args)) files[kind] += 1
    return original.apply(module, args)
  }
}
