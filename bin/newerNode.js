import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'

/** The oldest major version of Node that runs the program: it strips types by itself. */
export const oldestNode = 24

/** Path of the Node that the lock file pins, undefined where it is not installed or does not run (musl). */
export function lockedNode() {
  try {
    const path = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`)
    return spawnSync(path, ['--version']).status === 0 ? path : undefined
  } catch {
    return undefined
  }
}

/** Whether the Node that runs this file is new enough itself. */
export function ownNodeIsNew() {
  return Number(process.versions.node.split('.')[0]) >= oldestNode
}

/**
 * Milliseconds within which the same signal is one: a Ctrl-C comes from the terminal, and from npm once more.
 */
const oneSignal = 300

/**
 * Runs a program until it ends, passing on the signals that ask it to. It gets a process group of its own, so
 * that one Ctrl-C in the terminal is one signal to it: a second one means "at once".
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} its exit code, 128 + the number of the signal that ended it
 */
export function runToTheEnd(file, args, env = process.env) {
  /** @type {import('node:child_process').ChildProcess[]} */
  const started = []
  // Before the program is there: a signal that nobody listens to ends this process, and not the program.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])) {
    let last = -Infinity
    process.on(signal, () => {
      const now = performance.now()
      if (now - last > oneSignal) for (const one of started) one.kill(signal)
      last = now
    })
  }
  const program = spawn(file, args, { stdio: 'inherit', env, detached: true })
  started.push(program)
  return new Promise((resolve, reject) => {
    program.on('error', reject)
    program.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}
