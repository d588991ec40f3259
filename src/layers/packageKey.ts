import { nameOf, type StorePath } from '../store/storePath.ts'

/** Where a name ends and a version begins: a dash before a digit, or before `v` and a digit. */
const versionStart = /-v?\d/
/** The name of an output after the version: only letters, as Nix appends it. */
const outputSuffix = /-([A-Za-z][A-Za-z_]*)$/
/** The interpreter that a module is for, with its version: `python3.11-requests`. */
const interpreter = /^([A-Za-z]+)\d+(?:\.\d+)+(?=-)/

/**
 * The name of a store path that stays the same in every version of a package set: name and output without
 * hash and version. `…-glibc-2.39-52` is `glibc`, `…-glibc-2.39-52-bin` is `glibc:bin`, and
 * `…-python3.11-requests-2.31.0` is `python-requests`.
 */
export function packageKey(path: StorePath): string {
  const name = nameOf(path).replace(interpreter, '$1')
  const start = name.search(versionStart)
  if (start <= 0) return name
  const output = outputSuffix.exec(name.slice(start + 1))?.[1]
  return output === undefined ? name.slice(0, start) : `${name.slice(0, start)}:${output}`
}
