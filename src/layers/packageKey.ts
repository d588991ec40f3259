import { nameOf, type StorePath } from '../store/storePath.ts'

/** What ends a name and begins a version: a dash before a digit, or before `v` and a digit. */
const versionStart = /-v?\d/
/** An output's name behind the version: letters alone, as Nix appends it. */
const outputSuffix = /-([A-Za-z][A-Za-z_]*)$/
/** The interpreter that a module is for, with its version: `python3.11-requests`. */
const interpreter = /^([A-Za-z]+)\d+(?:\.\d+)+(?=-)/

/**
 * What a store path is called in every version of its package set: name and output without hash and version, such as
 * `glibc` and `glibc:bin` for `…-glibc-2.39-52` and `…-glibc-2.39-52-bin`, `python-requests` for
 * `…-python3.11-requests-2.31.0`.
 */
export function packageKey(path: StorePath): string {
  const name = nameOf(path).replace(interpreter, '$1')
  const start = name.search(versionStart)
  if (start <= 0) return name
  const output = outputSuffix.exec(name.slice(start + 1))?.[1]
  return output === undefined ? name.slice(0, start) : `${name.slice(0, start)}:${output}`
}
