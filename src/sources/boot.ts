import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** For a system that does not say: then every start of the server counts as one of the machine. */
const ofThisProcess = randomUUID()

let known: Promise<string> | undefined

/**
 * Tells this run of the machine from all others. What was written since the machine was started can be read
 * back without having reached the disk; after a loss of power it may be gone.
 */
export function bootId(): Promise<string> {
  known ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => ofThisProcess,
  )
  return known
}
