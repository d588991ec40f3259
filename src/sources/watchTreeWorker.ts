import { realpathSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { FolderWatches } from './folderWatches.ts'
import { identityOf, TreeIndex } from './treeIndex.ts'

/** Asks the thread for a look; `id` comes back with the answer. A thorough one has no answer. */
export type LookRequest = { readonly id: number } | 'thorough'

/** What the thread posts. */
export type TreeReport =
  | {
      readonly kind: 'looked'
      /** Requests that had come before the look began. */
      readonly ids: readonly number[]
      readonly hash: string
      /** Another number if anything has changed since the look before, even if it was changed back. */
      readonly changes: number
      /** Seconds that it took. */
      readonly seconds: number
      /** Which file or folder it is. */
      readonly identity: string
      /** It has already changed again. */
      readonly touched: boolean
      /** Why changes are not reported by themselves. */
      readonly unwatched: string | undefined
    }
  | { readonly kind: 'failed'; readonly ids: readonly number[]; readonly why: string }
  | { readonly kind: 'changed' }

/** Times that a tree which changes while it is looked at is looked at again. */
const mostRounds = 3
/** Milliseconds that a thorough look takes at a time, so that others need not wait for it. */
const slice = 10

const given: string = workerData
const path = realpathSync(given)
const root = statSync(path, { bigint: true })
const isFile = !root.isDirectory()
const identity = identityOf(root)
const post = (report: TreeReport) => parentPort?.postMessage(report, [])
const watches = new FolderWatches(() => post({ kind: 'changed' }))
const index = new TreeIndex(path, watches)
let changes = 0
let complete = false
let waiting: number[] = []
let busy = false

parentPort?.on('message', (request: LookRequest) => {
  if (request === 'thorough') return void lookThoroughly()
  waiting.push(request.id)
  if (!busy) void answer()
})

async function answer(): Promise<void> {
  busy = true
  while (waiting.length > 0) {
    await reported()
    const ids = waiting
    waiting = []
    const start = performance.now()
    try {
      await update()
      const { hash } = index
      const seconds = (performance.now() - start) / 1000
      const { isTouched: touched } = watches
      const unwatched = isFile ? 'it is a single file' : watches.unable
      post({ kind: 'looked', ids, hash, changes, seconds, identity, touched, unwatched })
    } catch (error) {
      complete = false
      post({ kind: 'failed', ids, why: error instanceof Error ? error.message : String(error) })
    }
  }
  busy = false
}

/** Makes the index be as the tree was at some moment after the call. */
async function update(): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const touched = watches.take()
    if (touched && complete && !isFile) {
      for (const [folder, names] of touched) if (index.rescan(folder, names)) changes++
    } else {
      complete = false
      if (index.scan()) changes++
      complete = true
    }
    await reported()
    if (!watches.isTouched) return
  }
}

/**
 * Settles when all that the kernel has reported up to now has been noted: it is fetched once in each turn of
 * the loop.
 */
async function reported(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

/** Finds what the kernel does not report, such as a file that a program has mapped into its memory. */
async function lookThoroughly(): Promise<void> {
  const before = changes
  let end = performance.now() + slice
  for (const folder of index.folders()) {
    if (performance.now() > end) {
      await setImmediate()
      end = performance.now() + slice
    }
    try {
      if (index.rescan(folder)) changes++
    } catch {
      // The next look finds out what is wrong.
      complete = false
    }
  }
  if (changes !== before || !complete) post({ kind: 'changed' })
}
