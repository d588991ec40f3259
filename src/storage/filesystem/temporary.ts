import { randomUUID } from 'node:crypto'
import { readdir, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** This process among all that had its number: containers give every server the same one. */
const incarnation = randomUUID()
/** A temporary file of another machine this old (ms) belongs to no writer that lives: no build takes so long. */
const abandonedAfter = 24 * 3600 * 1000

/** A name that says whose it is, so that what a killed server left can be told from work in progress. */
export function temporaryName(): string {
  return [hostname().replaceAll('~', '-'), process.pid, incarnation, randomUUID()].join('~')
}

/** Removes what writers that are gone left behind. */
export async function sweepTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const stats = await stat(path).catch(() => undefined)
    if (!stats) continue
    if (isOrphan(name) || Date.now() - stats.mtimeMs > abandonedAfter)
      await unlink(path).catch(() => undefined)
  }
}

function isOrphan(name: string): boolean {
  const [host, pid, whose] = name.split('~')
  if (host !== hostname().replaceAll('~', '-')) return false
  return Number(pid) === process.pid ? whose !== incarnation : !isAlive(Number(pid))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
