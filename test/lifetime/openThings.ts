import { createHook } from 'node:async_hooks'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setImmediate as soon, setTimeout as sleep } from 'node:timers/promises'

/** What a process holds, each thing by a name that tells it from others. */
type OpenThings = readonly string[]

/**
 * Milliseconds in which what was closed has to be gone: a thread that hashes files waits for more of them for
 * 10 s.
 */
const patience = 15_000

const timers = new Map<number, string>()

/**
 * From now on, timers are seen: `process.getActiveResourcesInfo` has only those that keep the process
 * running.
 */
export function watchTimers(): void {
  createHook({
    init: (id, type) => void (type === 'Timeout' && timers.set(id, `timer ${id} of ${caller()}`)),
    destroy: (id) => void timers.delete(id),
  }).enable()
}

/** The threads, child processes, sockets, files and timers that this process has now. */
export async function openThings(): Promise<OpenThings> {
  // A timer whose callback runs still counts.
  await soon()
  return [...threads(), ...children(), ...files(), ...timers.values()]
}

/** What was opened since, and is not closed yet after a while. */
export async function leftSince(before: OpenThings): Promise<OpenThings> {
  const end = performance.now() + patience
  for (;;) {
    const left = (await openThings()).filter((one) => !before.includes(one))
    if (left.length === 0 || performance.now() > end) return left
    await sleep(100)
  }
}

const tasks = () => readdirSync('/proc/self/task')

function threads(): readonly string[] {
  return tasks().flatMap((task) => {
    const name = textOf(`/proc/self/task/${task}/comm`)
    return name.startsWith('Worker') ? [`thread ${task}`] : []
  })
}

/** Of all threads: the kernel lists a child where it was started. */
function children(): readonly string[] {
  const pids = tasks().flatMap((task) => textOf(`/proc/self/task/${task}/children`).split(' '))
  return pids.filter(Boolean).map((pid) => `child ${pid}`)
}

function files(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const target = linkOf(`/proc/self/fd/${fd}`)
    // Pipes and the like are of threads and children, and of Node itself.
    return target.startsWith('socket:') || (target.startsWith('/') && !target.startsWith('/dev/'))
      ? [`file ${target}`]
      : []
  })
}

/** Empty if a thread or a file is gone by now. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** The lines of a stack that are not of Node or of this file. */
function caller(): string {
  const lines = new Error('where').stack?.split('\n').slice(1) ?? []
  const ours = lines.filter((line) => !line.includes('node:') && !line.includes(import.meta.filename))
  return ours.map((line) => line.trim()).join(', ')
}
