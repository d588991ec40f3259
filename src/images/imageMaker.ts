import { PackingFailed } from '../errors.ts'
import { canonicalName, namedPackages, type ImageRequest } from '../image/name.ts'
import { rootFileSystem } from '../image/rootFileSystem.ts'
import { command, environment } from '../image/runtime.ts'
import { closureOf } from '../layers/graph.ts'
import type { LayerPlan } from '../layers/plan.ts'
import { nameOf, type StorePath } from '../store/storePath.ts'
import type { Package } from '../store/package.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import { encodeConfig } from '../oci/config.ts'
import type { Descriptor, Encoded } from '../oci/descriptor.ts'
import type { Entry } from '../oci/entry.ts'
import type { Layer } from '../oci/layer.ts'
import { encodeManifest } from '../oci/manifest.ts'
import type { RunOptions } from '../work/events.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import type { Contents, ImageOrder, Inventory } from './inventory.ts'
import type { Layering } from '../layerTables/layering.ts'
import type { LayerMaker } from './layerMaker.ts'
import { timed } from './timed.ts'

/** An image, all of whose blobs are in the storage. */
export interface Image {
  readonly manifest: Encoded
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

interface ImageMakerParts {
  readonly inventory: Inventory
  readonly layers: LayerMaker
  readonly blobs: BlobStore
}

/** Makes the image of an order: finds out what is in it, plans and packs its layers, and describes them. */
export class ImageMaker {
  readonly #parts: ImageMakerParts

  constructor(parts: ImageMakerParts) {
    this.#parts = parts
  }

  /** @throws any class of `errors.ts` that evaluating, realising, packing or storing may throw */
  async make(order: ImageOrder, layering: Layering, run: RunOptions): Promise<Image> {
    const { inventory } = this.#parts
    const known = await timed('recall', run, () => inventory.recall(order))
    const image = known && (await this.#makeWithoutNix(order, layering, known, run))
    return (
      image ?? inventory.realise(order, run, (contents) => this.#assemble(order, layering, contents, run))
    )
  }

  /** Plans which store paths share a layer. Packs and stores nothing. @throws what `make` throws */
  async plan(order: ImageOrder, layering: Layering, run: RunOptions): Promise<readonly LayerPlan[]> {
    const { inventory } = this.#parts
    const known = await inventory.recall(order)
    return known
      ? planOf(known, layering)
      : inventory.realise(order, run, async (contents) => planOf(contents, layering))
  }

  /** Returns undefined if a layer must be packed whose store paths are not in the store any more. */
  async #makeWithoutNix(
    order: ImageOrder,
    layering: Layering,
    known: Contents,
    run: RunOptions,
  ): Promise<Image | undefined> {
    try {
      return await this.#assemble(order, layering, known, run)
    } catch (error) {
      if (!(error instanceof PackingFailed)) throw error
      run.onEvent({ kind: 'log', line: `the store is asked for what is not packed yet: ${error.message}` })
      return undefined
    }
  }

  async #assemble(
    order: ImageOrder,
    layering: Layering,
    contents: Contents,
    run: RunOptions,
  ): Promise<Image> {
    const plans = await timed('plan', run, async () => planOf(contents, layering))
    const root = rootFileSystem(contents.shown, contents.behindLinks)
    const layers = await timed('pack', run, () => this.#pack(plans, contents, root, run.signal))
    const mainPrograms = mainProgramsOf(order.request, contents.packages)
    const cmd = command(order.request.shell, mainPrograms)
    const config = encodeConfig({
      platform: { os: 'linux', architecture: order.architecture },
      created: contents.created,
      env: environment(root),
      ...(cmd ? { cmd } : {}),
      labels: labelsOf(order),
      diffIDs: layers.map(({ diffID }) => diffID),
      history: [...plans.map(describe), { createdBy: `nixery: ${canonicalName(order.request)}` }],
    })
    const descriptors = layers.map(({ descriptor }) => descriptor)
    const manifest = encodeManifest(config.descriptor, descriptors)
    await this.#store(config)
    await this.#store(manifest)
    return { manifest, config: config.descriptor, layers: descriptors }
  }

  /**
   * Packs the planned layers, and the root layer, which comes last. If one of them fails, the others are
   * ended.
   */
  async #pack(
    plans: readonly LayerPlan[],
    { closure }: Contents,
    root: readonly Entry[],
    stop: AbortSignal,
  ): Promise<readonly Layer[]> {
    const { layers } = this.#parts
    const infos = new Map(closure.map((info) => [info.path, info]))
    const others = new AbortController()
    const signal = AbortSignal.any([stop, others.signal])
    const making = [
      ...plans.map((plan) => layers.ofStorePaths(infosOf(plan, infos), signal)),
      layers.ofEntries(root, signal),
    ]
    return Promise.all(making).catch(async (error: unknown) => {
      others.abort(error)
      await Promise.allSettled(making)
      throw error
    })
  }

  async #store({ bytes }: Encoded): Promise<void> {
    await this.#parts.blobs.put(async (sink) => void sink.write(bytes))
  }
}

function planOf({ roots, closure }: Contents, layering: Layering): readonly LayerPlan[] {
  return layering.plan(closureOf(roots, closure))
}

function infosOf({ storePaths }: LayerPlan, infos: ReadonlyMap<StorePath, PathInfo>): readonly PathInfo[] {
  return storePaths.flatMap((path) => infos.get(path) ?? [])
}

function mainProgramsOf(
  request: ImageRequest,
  packages: readonly Package[],
): readonly (string | undefined)[] {
  const named = new Set(namedPackages(request))
  return packages.filter(({ attribute }) => named.has(attribute)).map(({ meta }) => meta.mainProgram)
}

/** OCI image-spec, annotations.md, "Pre-Defined Annotation Keys". */
function labelsOf({ request, revision }: ImageOrder): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.title': canonicalName(request),
    'org.opencontainers.image.revision': revision.id.slice(revision.id.indexOf(':') + 1),
  }
}

/** So many names in the history are enough to recognise a layer. */
const namesShown = 5

function describe({ storePaths }: LayerPlan): { createdBy: string } {
  const names = storePaths.slice(0, namesShown).map(nameOf)
  const more = storePaths.length > namesShown ? ` and ${storePaths.length - namesShown} more` : ''
  return { createdBy: `nixery: ${names.join(', ')}${more}` }
}
