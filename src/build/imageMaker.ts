import type { ImageRequest } from '../image/name.ts'
import { canonicalName, namedPackages } from '../image/name.ts'
import { rootFileSystem } from '../image/rootFileSystem.ts'
import { command, environment } from '../image/runtime.ts'
import { closureOf } from '../layers/graph.ts'
import type { LayerPlan } from '../layers/plan.ts'
import type { Nix } from '../nix/nix.ts'
import {
  nameOf,
  type Package,
  type PathInfo,
  type Revision,
  type StorePath,
  type System,
} from '../nix/types.ts'
import { encodeConfig } from '../oci/config.ts'
import type { Encoded } from '../oci/descriptor.ts'
import type { Layer } from '../oci/layer.ts'
import { encodeManifest } from '../oci/manifest.ts'
import type { Architecture } from '../oci/platform.ts'
import type { RunOptions } from '../process/events.ts'
import type { PackageSource } from '../sources/source.ts'
import type { Storage } from '../storage/interfaces.ts'
import type { Image } from './image.ts'
import type { Layering } from './layering.ts'
import type { LayerMaker } from './layerMaker.ts'
import { timed } from './timed.ts'

const systems: Readonly<Record<Architecture, System>> = { amd64: 'x86_64-linux', arm64: 'aarch64-linux' }

export interface ImageOrder {
  readonly request: ImageRequest
  readonly revision: Revision
  readonly architecture: Architecture
}

/** From a request to an image whose every byte is stored: evaluate, realise, plan, pack, describe. */
export class ImageMaker {
  readonly #source: PackageSource
  readonly #nix: Nix
  readonly #layering: Layering
  readonly #layers: LayerMaker
  readonly #storage: Storage

  constructor(parts: {
    source: PackageSource
    nix: Nix
    layering: Layering
    layers: LayerMaker
    storage: Storage
  }) {
    this.#source = parts.source
    this.#nix = parts.nix
    this.#layering = parts.layering
    this.#layers = parts.layers
    this.#storage = parts.storage
  }

  /** @throws any class of `errors.ts` that evaluating, realising, packing or storing throws */
  make(order: ImageOrder, run: RunOptions): Promise<Image> {
    return this.#realised(order, run, (parts) => timed('pack', run, () => this.#pack(order, parts, run)))
  }

  /** Which store paths would share a layer. Packs and stores nothing. @throws as `make` does */
  plan(order: ImageOrder, run: RunOptions): Promise<readonly LayerPlan[]> {
    return this.#realised(order, run, async ({ plans }) => plans)
  }

  /** Does work while the image's closure is in the store and held against the garbage collector. */
  async #realised<T>(order: ImageOrder, run: RunOptions, work: (parts: Realised) => Promise<T>): Promise<T> {
    const { location, created = 0 } = await timed('fetch', run, () => this.#source.fetch(order.revision, run))
    const query = { location, system: systems[order.architecture], attributes: order.request.packages }
    const packages = await timed('evaluate', run, () => this.#nix.evaluate(query, run))
    // A folder that was edited meanwhile is not the revision any more: what came of it must not bear its name.
    await this.#source.fetch(order.revision, run)
    const held = await timed('realise', run, () => this.#nix.realise(packages, run))
    try {
      const outputs = [...new Set(packages.flatMap((one) => one.outputs.map(({ path }) => path)))]
      const closure = await timed('closure', run, () => this.#nix.closure(outputs, run))
      const plans = await timed('plan', run, async () => this.#layering.plan(closureOf(outputs, closure)))
      return await work({ packages, outputs, closure, plans, created })
    } finally {
      await held.release()
    }
  }

  async #pack(order: ImageOrder, parts: Realised, run: RunOptions): Promise<Image> {
    const infos = new Map(parts.closure.map((info) => [info.path, info]))
    const root = rootFileSystem(parts.outputs)
    // Fails as one: the first layer that cannot be made ends the others.
    const others = new AbortController()
    const signal = AbortSignal.any([run.signal, others.signal])
    const making = [
      ...parts.plans.map((plan) => this.#layers.ofStorePaths(infosOf(plan, infos), signal)),
      this.#layers.ofEntries(root, signal),
    ]
    const layers = await Promise.all(making).catch(async (error: unknown) => {
      others.abort(error)
      await Promise.allSettled(making)
      throw error
    })
    const mainPrograms = mainProgramsOf(order.request, parts.packages)
    const cmd = command(order.request.shell, mainPrograms)
    const config = encodeConfig({
      platform: { os: 'linux', architecture: order.architecture },
      created: parts.created,
      env: environment(root),
      ...(cmd ? { cmd } : {}),
      labels: labelsOf(order),
      diffIDs: layers.map(({ diffID }) => diffID),
      history: [...parts.plans.map(describe), { createdBy: `nixery: ${canonicalName(order.request)}` }],
    })
    const manifest = encodeManifest(
      config.descriptor,
      layers.map(({ descriptor }) => descriptor),
    )
    await this.#store(config)
    await this.#store(manifest)
    return { manifest, config: config.descriptor, layers: layers.map(({ descriptor }: Layer) => descriptor) }
  }

  async #store({ bytes }: Encoded): Promise<void> {
    await this.#storage.blobs.put(async (sink) => void sink.write(bytes))
  }
}

interface Realised {
  readonly packages: readonly Package[]
  readonly outputs: readonly StorePath[]
  readonly closure: readonly PathInfo[]
  readonly plans: readonly LayerPlan[]
  readonly created: number
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

/** Enough names that a reader of the history knows the layer again. */
const namesShown = 5

function describe({ storePaths }: LayerPlan): { createdBy: string } {
  const names = storePaths.slice(0, namesShown).map(nameOf)
  const more = storePaths.length > namesShown ? ` and ${storePaths.length - namesShown} more` : ''
  return { createdBy: `nixery: ${names.join(', ')}${more}` }
}
