import { spawn } from 'node:child_process'
import { root } from './machine.js'

/** Lines shown of a failed program's output: some programs say what is wrong first, others last. */
const shown = { first: 15, last: 25 }

/**
 * Runs a program without input and silently.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [cwd] the project's folder, unless it is given
 * @returns {Promise<void>}
 * @throws Error with its output, shortened, when it fails
 */
export async function runSilently(file, args, env = process.env, cwd = root) {
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (/** @type {Buffer} */ chunk) => (output += chunk.toString())
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  /** @type {number | NodeJS.Signals | null} */
  const end = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  if (end === 0) return
  throw new Error(`${shorten(output)}\n\n${[file, ...args].join(' ')}: ended with ${end}`)
}

/** @param {string} output */
function shorten(output) {
  const lines = output.trimEnd().split('\n')
  if (lines.length <= shown.first + shown.last) return lines.join('\n')
  return [...lines.slice(0, shown.first), '…', ...lines.slice(-shown.last)].join('\n')
}
