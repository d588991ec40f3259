import { setImmediate } from 'node:timers/promises'
import type { Architecture } from '../oci/platform.ts'
import { coverage } from '../layerTables/coverage.ts'
import type { Layering } from '../layerTables/layering.ts'
import { closureOf } from '../layers/graph.ts'
import type { ClosureNode, LayerPlan } from '../layers/plan.ts'
import { parseImageName } from '../image/name.ts'
import type { Revision } from '../store/revision.ts'
import type { Catalog } from './catalog.ts'
import type { Inventory } from './inventory.ts'

/** What a layer table does for the images of a storage. */
export interface TableEffect {
  /** When the table was made, in ISO 8601. */
  readonly made: string
  /** For people: what it was made of. */
  readonly origin: string
  /** How many of the packages in the images the table knows, from 0 to 1. */
  readonly known: number
  /** Images of the revision that were looked at. */
  readonly images: number
  /** Bytes of store paths in all different layers of these images, before compression. */
  readonly bytes: number
  /** The same if there were no table. */
  readonly bytesWithout: number
}

interface EffectParts {
  readonly catalog: Pick<Catalog, 'names'>
  readonly inventory: Pick<Inventory, 'recall'>
}

interface EffectScope {
  readonly revision: Revision
  readonly layering: Layering
  readonly architecture: Architecture
  /** Images that are looked at, at most. */
  readonly mostImages: number
  readonly signal: AbortSignal
}

/**
 * Measures what the layer table of a revision does for the images that the storage lists: they are planned
 * once with it and once without. Reads records only, and stores nothing.
 * @returns undefined if the revision has no table
 * @throws StorageFailed, or the signal's reason
 */
export async function measureTableEffect(
  { catalog, inventory }: EffectParts,
  { revision, layering, architecture, mostImages, signal }: EffectScope,
): Promise<TableEffect | undefined> {
  const { table } = layering
  if (!table) return undefined
  const [planned, without] = [new DistinctLayers(), new DistinctLayers()]
  const nodes = new Map<string, ClosureNode>()
  let images = 0
  for (const name of await catalog.names()) {
    if (images === mostImages) break
    signal.throwIfAborted()
    const request = parseImageName(name)
    const order = { request, revision, architecture: request.architecture ?? architecture }
    const contents = await inventory.recall(order)
    if (!contents) continue
    images += 1
    const closure = closureOf(contents.roots, contents.closure)
    planned.add(layering.plan(closure))
    without.add(layering.planWithoutTable(closure))
    for (const node of closure.nodes) nodes.set(node.path, node)
    // Records in memory would otherwise keep the thread to themselves.
    await setImmediate()
  }
  const { made, origin } = table
  const known = coverage(table, nodes.values())
  return { made, origin, known, images, bytes: planned.bytes, bytesWithout: without.bytes }
}

/** Layers are the same if they have the same store paths. */
class DistinctLayers {
  readonly #layers = new Set<string>()
  bytes = 0

  add(plan: readonly LayerPlan[]): void {
    for (const { storePaths, size } of plan) {
      const key = storePaths.join()
      if (this.#layers.has(key)) continue
      this.#layers.add(key)
      this.bytes += size
    }
  }
}
