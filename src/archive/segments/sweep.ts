import { readdirSync, statSync, unlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { isMissing } from '../../work/errno.ts'
import { temporaryPrefix } from './segmentCache.ts'

/**
 * Milliseconds after which nobody writes to a temporary file any more: writing a member takes less than a
 * second.
 */
const abandonedAfter = 600_000
/** Down to this share of the limit, so that sweeps are rare. */
const roomy = 0.9

/**
 * Removes what killed servers left and, where members take more than `limit` bytes, those that were not used
 * for the longest time. Answers the bytes that are left. Several servers may do it at once: what is gone is
 * gone.
 */
export function sweep(folder: string, limit: number): number {
  const members = []
  for (const name of namesIn(folder)) {
    const path = join(folder, name)
    const stats = statsOf(path)
    if (stats === undefined) continue
    if (!name.startsWith(temporaryPrefix)) members.push({ path, size: stats.size, used: stats.mtimeMs })
    else if (Date.now() - stats.mtimeMs > abandonedAfter) remove(path)
  }
  let total = members.reduce((sum, { size }) => sum + size, 0)
  if (total <= limit) return total
  for (const { path, size } of members.toSorted((a, b) => a.used - b.used)) {
    if (total <= limit * roomy) break
    if (remove(path)) total -= size
  }
  return total
}

/** No folder, no members: it is made when the first is written. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function statsOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function remove(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    return isMissing(error)
  }
}
