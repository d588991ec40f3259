import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder, without a closing slash. */
export const root = fileURLToPath(new URL('..', import.meta.url)).slice(0, -1)

export const isRoot = process.getuid?.() === 0

/**
 * Where programs are looked for. `node_modules/.bin` is left out: it is what gets installed. The
 * administrator's programs are added: a plain `su` leaves them out, and dpkg wants them.
 */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter(
  (folder) => folder !== '' && !folder.endsWith(join(sep, 'node_modules', '.bin')),
)

/** What Debian calls this machine's libraries. */
export const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`

const libraryFolders = [
  '/usr/local/lib',
  `/lib/${triple}`,
  `/usr/lib/${triple}`,
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
]

/** The environment of programs that must not depend on `node_modules`. */
export const plainEnv = { ...process.env, PATH: folders.join(delimiter) }

const isProgram = (/** @type {string} */ path) => path.includes('/bin/')

/** @param {string} file name of a program, name of a library, or a path of a program or another file */
export function isInstalled(file) {
  if (isAbsolute(file)) return permits(file, isProgram(file) ? constants.X_OK : constants.R_OK)
  if (/\.so\.\d+$/.test(file)) return libraryFolders.some((folder) => existsSync(join(folder, file)))
  return folders.some((folder) => permits(join(folder, file), constants.X_OK))
}

/**
 * Whether this user can write to a path, or can make it if it does not exist.
 * @param {string} path
 * @returns {boolean}
 */
export function isWritable(path) {
  return existsSync(path) ? permits(path, constants.W_OK) : isWritable(dirname(path))
}

/** @param {string} path @param {number} mode */
function permits(path, mode) {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}
