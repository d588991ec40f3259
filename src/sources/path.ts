import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidSource, SourceFailed, UnknownTag } from '../errors.ts'
import type { Revision } from '../store/revision.ts'
import { requireDefaultNix } from './defaultNix.ts'
import type { PackageSource } from './source.ts'
import { TreeWatch } from './treeWatch.ts'

const SHOWN_DIGITS = 7

/**
 * A folder with a `default.nix`, or a single Nix file. Its revision is the hash of its content, and it has
 * only one tag, `latest`. A change is seen within a second, or within five where the system reports no
 * changes.
 */
export function createPathSource(path: string): PackageSource {
  const absolute = resolve(path)
  const tree = new TreeWatch(absolute)

  return {
    async pin(tag, run) {
      if (tag !== 'latest')
        throw new UnknownTag(`there is no tag '${tag}': the package set has only 'latest'`)
      return revisionOf((await tree.current(run)).hash)
    },

    /** @throws SourceFailed also when the content is no longer that of the revision */
    async fetch(revision, run) {
      const { hash, mark } = await tree.look(run)
      if (revisionOf(hash).id !== revision.id) throw changed()
      return {
        location: { kind: 'path', path: absolute },
        confirm: async (later) => {
          if ((await tree.look(later)).mark !== mark) throw changed()
        },
      }
    },

    async check(run) {
      const info = await stat(absolute).catch((cause: unknown) => {
        throw new InvalidSource(`there is no package set at ${absolute}: ${String(cause)}`, { cause })
      })
      if (info.isDirectory()) await requireDefaultNix(absolute, `the folder ${absolute}`)
      await tree.current(run)
    },

    close: () => tree.close(),
  }
}

function revisionOf(hash: string): Revision {
  return { id: `path:${hash}`, label: `path (${hash.slice(0, SHOWN_DIGITS)})`, trusted: true }
}

function changed(): SourceFailed {
  return new SourceFailed('the package set changed meanwhile; ask again')
}
