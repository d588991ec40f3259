import PQueue from 'p-queue'
import type { ClosureNode } from '../layers/plan.ts'
import type { BinaryCache } from './binaryCache.ts'
import type { Journal } from './journal.ts'
import { hashPart } from '../store/storePath.ts'

interface GatherOptions {
  /** Requests at once. */
  readonly parallel: number
  readonly signal: AbortSignal
  readonly onProgress: (done: number, of: number) => void
}

interface Gathered {
  readonly nodes: readonly ClosureNode[]
  /** Paths that the cache does not have. */
  readonly missing: number
  /** Paths that were asked for, rather than known from an earlier run. */
  readonly asked: number
}

/**
 * What a binary cache knows of paths and of all that they need. What the journal has is not asked for again.
 * @throws InvalidData, or the signal's reason
 */
export async function gather(
  hashes: Iterable<string>,
  cache: BinaryCache,
  journal: Journal,
  { parallel, signal, onProgress }: GatherOptions,
): Promise<Gathered> {
  const nodes: ClosureNode[] = []
  const wanted = new Set<string>()
  const fault = new AbortController()
  const stop = AbortSignal.any([signal, fault.signal])
  const queue = new PQueue({ concurrency: parallel })
  let [missing, asked] = [0, 0]

  const found = (node: ClosureNode) => {
    nodes.push(node)
    for (const reference of node.references) want(hashPart(reference))
  }
  const want = (hash: string) => {
    if (wanted.has(hash)) return
    wanted.add(hash)
    const known = journal.get(hash)
    if (known) return found(known)
    queue.add(() => ask(hash)).catch((error: unknown) => fault.abort(error))
  }
  const ask = async (hash: string) => {
    if (stop.aborted) return
    asked += 1
    const node = await cache.read(hash, stop)
    if (node) {
      journal.add(node)
      found(node)
    } else missing += 1
    onProgress(nodes.length + missing, wanted.size)
  }

  for (const hash of hashes) want(hash)
  await queue.onIdle()
  stop.throwIfAborted()
  return { nodes: nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1)), missing, asked }
}
