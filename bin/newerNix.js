import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The oldest Nix that evaluates a Nixpkgs of today. */
export const oldestNix = '2.18'

/**
 * The folder of the Nix that the set-up unpacks if the machine's own is too old (`setup/unpackNix.js`). It is
 * there whole or not at all. Its programs are in `bin`.
 */
export const unpackedNix = join(
  fileURLToPath(new URL('..', import.meta.url)),
  'var',
  'nix',
  `${process.platform}-${process.arch}`,
)

/**
 * The version of the Nix that a PATH leads to, such as `2.26.3`.
 * @param {string | undefined} path
 * @returns {string | undefined} undefined if there is none, or if it does not run
 */
export function nixVersion(path) {
  const env = { ...process.env, PATH: path }
  const { status, stdout } = spawnSync('nix-instantiate', ['--version'], { env, encoding: 'utf8' })
  return status === 0 ? /\(.*\) (\d+\.\d+\S*)/.exec(stdout)?.[1] : undefined
}

/**
 * The version of the unpacked Nix; undefined if it is not there, or does not run since its folder was moved.
 */
export function unpackedNixVersion() {
  const programs = join(unpackedNix, 'bin')
  return existsSync(programs) ? nixVersion(programs) : undefined
}

/** @param {string | undefined} version */
export function isNewEnough(version) {
  if (version === undefined) return false
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const [oldestMajor = 0, oldestMinor = 0] = oldestNix.split('.').map(Number)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

/**
 * The PATH with the unpacked Nix in front, if that is there and the Nix of the PATH is too old or absent;
 * else the PATH as it is.
 * @param {string | undefined} path
 * @returns {string | undefined}
 */
export function pathWithNewerNix(path) {
  if (!existsSync(unpackedNix) || isNewEnough(nixVersion(path))) return path
  if (!isNewEnough(unpackedNixVersion())) return path
  return [join(unpackedNix, 'bin'), ...(path ? [path] : [])].join(delimiter)
}
