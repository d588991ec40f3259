import { realpath } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { SourceFailed, UnknownTag } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import type { TreeHash } from './hashTree.ts'
import type { HashTreeTask } from './hashTreeWorker.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import { startThread } from '../work/startThread.ts'
import { ThreadTeam } from '../work/threadTeam.ts'
import type { PackageSource } from './source.ts'

/** Most of the time that walks may take. Nixpkgs has 50,000 files, and every pull asks for the pin. */
const shareOfTime = 1 / 10
/** Milliseconds. The first walk reads all contents, so its time says nothing about later walks. */
const longestFresh = 5_000
const shownDigits = 7
/** Milliseconds after which an idle thread ends. Longer than `longestFresh`: a thread does several walks. */
const idleMs = 10_000

const threads = new ThreadTeam<HashTreeTask, TreeHash>(() => startThread(import.meta.url, 'hashTreeWorker'), {
  size: availableParallelism(),
  idleMs,
})

/**
 * A folder with a `default.nix`, or a single Nix file. Its revision is the hash of its content, and its only
 * tag is `latest`. A change is noticed after ten times the time that it takes to look at all files, but after
 * 5 s at most.
 */
export function createPathSource(path: string): PackageSource {
  const absolute = resolve(path)
  const walks = new SingleFlight<TreeHash>()
  let known: TreeHash | undefined
  let freshUntil = 0

  function walk(run: RunOptions): Promise<TreeHash> {
    return walks.run('walk', run, async ({ signal }) => {
      const started = performance.now()
      known = await hashInThread(absolute, known, signal)
      const now = performance.now()
      freshUntil = now + Math.min((now - started) / shareOfTime, longestFresh)
      return known
    })
  }

  return {
    async pin(tag, run) {
      if (tag !== 'latest')
        throw new UnknownTag(`there is no tag '${tag}': the package set has only 'latest'`)
      return revisionOf(known && performance.now() < freshUntil ? known : await walk(run))
    },

    /** @throws SourceFailed, also if the content is not that of the revision any more */
    async fetch(revision, run) {
      const now = revisionOf(await walk(run))
      if (now.id !== revision.id) throw new SourceFailed('the package set changed meanwhile; ask again')
      return { location: { kind: 'path', path: absolute } }
    },
  }
}

function revisionOf({ hash }: TreeHash): Revision {
  return { id: `path:${hash}`, label: `path (${hash.slice(0, shownDigits)})` }
}

async function hashInThread(
  path: string,
  known: TreeHash | undefined,
  signal: AbortSignal,
): Promise<TreeHash> {
  const task: HashTreeTask = { path: await realPathOf(path), ...(known ? { known } : {}) }
  try {
    return await threads.ask(task, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw unreadable(path, cause)
  }
}

async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): SourceFailed {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new SourceFailed(`the package set at ${path} cannot be read${reason}`, { cause })
}
