import { spawn } from 'node:child_process'
import { root } from './machine.js'

/** Lines of a failed program's output that are shown. */
const shownLines = 30

/**
 * Runs a program in the project's folder, without input and silently.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 * @throws Error with the end of its output when it fails
 */
export async function runSilently(file, args, env = process.env) {
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
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
  const tail = output.trimEnd().split('\n').slice(-shownLines).join('\n')
  throw new Error(`${tail}\n\n${[file, ...args].join(' ')}: ended with ${end}`)
}
