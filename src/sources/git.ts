import { createHash } from 'node:crypto'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { NixeryError, SourceFailed } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import { Checkouts, type Checkout } from './checkouts.ts'
import { commitOf, isCommit, revisionOf } from './commit.ts'
import { GitMirror } from './gitMirror.ts'
import { Pins } from './pins.ts'
import { remoteHead, remoteRef, shortName, type RemoteRef } from './remoteRefs.ts'
import { SingleFlight } from '../work/singleFlight.ts'
import type { PackageSource } from './source.ts'

/** A checkout of Nixpkgs takes 300 MB. */
const checkoutsKept = 8

interface GitSourceOptions {
  /** The server's own folder for fetched commits. */
  readonly cacheDir: string
  /** Seconds for which a resolved branch, tag or HEAD is used without asking again. */
  readonly pinTtl: number
}

/**
 * A git repository at any address that git understands. Git uses the machine's own credentials. The tag
 * `latest` is the remote's HEAD. Other tags are git tags, branches (a tag wins over a branch of the same
 * name) and full commit ids. Submodules are not fetched.
 */
export function createGitSource(repository: string, { cacheDir, pinTtl }: GitSourceOptions): PackageSource {
  const pins = new Pins<RemoteRef>(pinTtl)
  const fetches = new SingleFlight<Checkout>()
  // Git locks the mirror while it fetches.
  const oneAtATime = new PQueue({ concurrency: 1 })
  const checkouts = new Checkouts(cacheDir, checkoutsKept)
  const mirror = new GitMirror(mirrorOf(cacheDir, repository), repository)

  async function checkOut(commit: string, run: RunOptions): Promise<Checkout> {
    await mirror.fetch(commit, run)
    const checkout = await checkouts.add(commit, run, async (folder) => {
      await mirror.export(commit, folder, run)
      return mirror.timeOf(commit, run)
    })
    for (const old of await checkouts.prune()) await mirror.forget(old, run)
    return checkout
  }

  return {
    async pin(tag: string, run: RunOptions): Promise<Revision> {
      if (isCommit(tag)) return revisionOf('git', tag)
      const found = await pins.get(tag, run, (shared) =>
        tag === 'latest' ? remoteHead(repository, shared) : remoteRef(repository, tag, shared),
      )
      return revisionOf('git', found.commit, shortName(found))
    },

    async fetch(revision: Revision, run: RunOptions) {
      const commit = commitOf(revision)
      try {
        const { path, created } =
          (await checkouts.find(commit)) ??
          (await fetches.run(commit, run, (shared) =>
            oneAtATime.add(() => checkOut(commit, shared), { signal: shared.signal }),
          ))
        return { location: { kind: 'path', path }, created }
      } catch (cause) {
        if (cause instanceof NixeryError || run.signal.aborted) throw cause
        throw new SourceFailed(`the checkout of ${revision.label} cannot be kept in the cache`, { cause })
      }
    },
  }
}

function mirrorOf(cacheDir: string, repository: string): string {
  const id = createHash('sha256').update(repository).digest('hex').slice(0, 16)
  return join(cacheDir, `mirror-${id}.git`)
}
