import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks at the processes. */
const pause = 100

/**
 * Runs tests with a temporary directory of their own, and looks at what they leave behind: files in it, and
 * processes, which are recognised by that directory in their environment. Both are removed afterwards.
 * @param {NodeJS.ProcessEnv} env
 * @param {(env: NodeJS.ProcessEnv) => Promise<number>} run returns an exit code
 * @param {{ readonly grace?: number }} [options] milliseconds that programs have to end after the last test
 * @returns {Promise<number>} that exit code, or 1 if something was left behind
 */
export async function runWithoutLeftovers(env, run, { grace = 10_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'nixery-tests-'))
  try {
    // Some tests start programs as another user.
    chmodSync(folder, 0o755)
    const code = await run({ ...env, TMPDIR: folder })
    const processes = await leftProcesses(folder, grace)
    const left = [...processes, ...leftFiles(folder)]
    if (left.length === 0) return code
    console.log(`\nThe tests left behind:\n\n${left.map((line) => `  ${line}\n`).join('')}`)
    return code === 0 ? 1 : code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder @returns {readonly string[]} the names in it, and of folders what they hold */
function leftFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).map((entry) => {
    if (!entry.isDirectory()) return `file ${entry.name}`
    const names = readdirSync(join(folder, entry.name)).toSorted()
    return `folder ${entry.name} (${names.length === 0 ? 'empty' : names.slice(0, 5).join(', ')})`
  })
}

/** Waits for processes to end, and kills those that do not. @param {string} folder @param {number} grace */
async function leftProcesses(folder, grace) {
  const end = performance.now() + grace
  let left = processesOf(folder)
  while (left.length > 0 && performance.now() < end) {
    await sleep(pause)
    left = processesOf(folder)
  }
  for (const { pid } of left) kill(pid)
  return left.map(({ pid, command }) => `process ${pid}: ${command}`)
}

/** @param {string} folder @returns {readonly { readonly pid: number, readonly command: string }[]} */
function processesOf(folder) {
  const mark = `TMPDIR=${folder}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && wordsOf(name, 'environ').includes(mark))
    .map((name) => ({ pid: Number(name), command: wordsOf(name, 'cmdline').join(' ').trim() }))
}

/**
 * @param {string} pid @param {'environ' | 'cmdline'} file @returns {readonly string[]} none if it is not ours
 * to read
 */
function wordsOf(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
