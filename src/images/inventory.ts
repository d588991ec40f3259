import { EvaluationFailed } from '../errors.ts'
import { metaPackages, optionalPackages, type ImageRequest } from '../image/name.ts'
import type { PackageTree } from '../image/linkTree.ts'
import { DerivationMissing } from '../nix/failures.ts'
import type { GcRoot, Nix } from '../nix/nix.ts'
import type { Package } from '../store/package.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { Revision } from '../store/revision.ts'
import type { StorePath } from '../store/storePath.ts'
import { systems } from '../store/system.ts'
import type { Architecture } from '../oci/platform.ts'
import type { RunOptions } from '../work/events.ts'
import type { PackageSource } from '../sources/source.ts'
import type { RevisionRecord } from '../storage/recordValues.ts'
import type { Records } from '../storage/records.ts'
import type { OutputRecords } from './outputRecords.ts'
import { closureOfAll, outputsOfImage, readOutput, type OutputsOfImage } from './outputs.ts'
import type { EvaluationScope, PackageRecords } from './packageRecords.ts'
import { timed } from './timed.ts'

export interface ImageOrder {
  readonly request: ImageRequest
  readonly revision: Revision
  readonly architecture: Architecture
}

/** Everything that an image consists of. */
export interface Contents {
  readonly packages: readonly Package[]
  /** The store paths of the requested packages. */
  readonly roots: readonly StorePath[]
  /** Outputs that the image's root layer links to: the roots, then what they propagate. */
  readonly shown: readonly PackageTree[]
  /** Outputs that links of those lead to. */
  readonly behindLinks: readonly PackageTree[]
  /** All store paths, sorted. */
  readonly closure: readonly PathInfo[]
  /** Time of the revision, in seconds since 1970. */
  readonly created: number
}

interface InventoryParts {
  readonly source: PackageSource
  readonly nix: Nix
  readonly packages: PackageRecords
  readonly outputs: OutputRecords
  readonly revisions: Records<[id: string], RevisionRecord>
  /** `NIXPKGS_*` variables. */
  readonly environment: Readonly<Record<string, string>>
  /** What is made for commits that are on no branch or tag of the source, and may be anybody's. */
  readonly otherCommits: 'substitute' | 'build' | 'none'
}

/** Finds out what an image consists of. Uses records, which never become wrong, or else Nix. */
export class Inventory {
  readonly #parts: InventoryParts

  constructor(parts: InventoryParts) {
    this.#parts = parts
  }

  /**
   * Returns the contents if everything is recorded. Needs neither Nix nor the store.
   * @throws StorageFailed
   */
  async recall(order: ImageOrder): Promise<Contents | undefined> {
    const { packages: records, outputs: outputRecords, revisions } = this.#parts
    const scope = this.#scope(order)
    const attributes = this.#attributesOf(order, scope)
    const [revision, known] = await Promise.all([
      revisions.get(order.revision.id),
      records.find(scope, attributes),
    ])
    const packages = attributes.flatMap((attribute) => known.get(attribute) ?? [])
    if (!revision || packages.length < attributes.length) return undefined
    const outputs = await outputsOfImage(rootsOf(packages), (path) => outputRecords.find(path))
    return outputs && contentsOf(packages, outputs, revision.created)
  }

  /**
   * Does work while everything that the image consists of is in the store and protected from its garbage
   * collector.
   * @throws what evaluating and realising throw, and what the work throws
   */
  async realise<T>(order: ImageOrder, run: RunOptions, work: (contents: Contents) => Promise<T>): Promise<T> {
    const { nix, outputs: records } = this.#parts
    const { packages, root, created } = await this.#prepare(order, run)
    try {
      const roots = rootsOf(packages)
      const closure = await timed('closure', run, () => nix.closure(roots, run))
      const infos = new Map(closure.map((info) => [info.path, info]))
      const outputs = await timed('link', run, () =>
        outputsOfImage(roots, async (path) => {
          const known = await records.find(path)
          if (known) return known
          const output = await readOutput(path, infos, run.signal)
          await records.save(output)
          return output
        }),
      )
      return await work(contentsOf(packages, outputs ?? { shown: [], behindLinks: [] }, created))
    } finally {
      await root.release()
    }
  }

  /**
   * Evaluates and realises. Recorded packages are evaluated again only if their derivations are needed and
   * not in the store.
   */
  async #prepare(
    order: ImageOrder,
    run: RunOptions,
  ): Promise<{ readonly packages: readonly Package[]; readonly root: GcRoot; readonly created: number }> {
    const { nix, packages: records, source, revisions } = this.#parts
    const fetched = await timed('fetch', run, () => source.fetch(order.revision, run))
    const { location, created = 0 } = fetched
    const scope = this.#scope(order)
    const find = async (step: 'evaluate' | 'instantiate', known: ReadonlyMap<string, Package>) => {
      const unknown = this.#attributesOf(order, scope).filter((attribute) => !known.has(attribute))
      if (unknown.length === 0) return [...known.values()]
      const query = {
        revision: order.revision.id,
        trusted: order.revision.trusted,
        location,
        system: scope.system,
        attributes: unknown,
        optional: optionalPackages(order.request),
        otherNames: [...metaPackages],
      }
      // If the folder was edited meanwhile, it is not this revision any more. Then neither results nor
      // refusals may be recorded for the revision.
      const fresh = await timed(step, run, () => nix[step](query, run)).catch(async (error: unknown) => {
        await fetched.confirm(run)
        throw error
      })
      await fetched.confirm(run)
      await records.save(scope, fresh)
      const all = new Map([...known, ...fresh.map((one) => [one.attribute, one] as const)])
      records.noteAbsent(
        scope,
        unknown.filter((attribute) => !all.has(attribute)),
      )
      return order.request.packages.flatMap((attribute) => all.get(attribute) ?? [])
    }
    const realise = (packages: readonly Package[]) => timed('realise', run, () => nix.realise(packages, run))
    let packages = await find('evaluate', await records.find(scope, order.request.packages))
    const root = await realise(packages).catch(async (error: unknown) => {
      if (!(error instanceof DerivationMissing)) throw error
      if (!order.revision.trusted && this.#parts.otherCommits !== 'build') throw notBuilt(order)
      packages = await find('instantiate', new Map())
      return realise(packages)
    })
    if (!(await revisions.get(order.revision.id))) await revisions.put([order.revision.id], { created })
    return { packages, root, created }
  }

  /** Without what images go without, as far as that is known. */
  #attributesOf({ request }: ImageOrder, scope: EvaluationScope): readonly string[] {
    const optional = optionalPackages(request)
    const isLeftOut = (attribute: string) =>
      optional.includes(attribute) && this.#parts.packages.isAbsent(scope, attribute)
    return request.packages.filter((attribute) => !isLeftOut(attribute))
  }

  #scope({ revision, architecture }: ImageOrder): EvaluationScope {
    return { revision, system: systems[architecture], environment: this.#parts.environment }
  }
}

/** Whoever can make a forge hand out a commit could run code in builders otherwise. */
function notBuilt({ revision, request }: ImageOrder): EvaluationFailed {
  return new EvaluationFailed(
    `${request.name} is not in the binary caches, and ${revision.label} is on no branch or tag of the package ` +
      'set, so nothing is built for it (NIXERY_COMMITS)',
  )
}

function rootsOf(packages: readonly Package[]): readonly StorePath[] {
  return [...new Set(packages.flatMap(({ outputs }) => outputs.map(({ path }) => path)))]
}

function contentsOf(
  packages: readonly Package[],
  { shown, behindLinks }: OutputsOfImage,
  created: number,
): Contents {
  return { packages, roots: rootsOf(packages), shown, behindLinks, closure: closureOfAll(shown), created }
}
