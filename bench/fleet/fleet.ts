import type { Closure, ClosureNode, LayerPlan } from '../../src/layers/plan.ts'
import type { StorePath } from '../../src/store/storePath.ts'

/** Plans an image; the strategy and what it knows are settled. */
export type Planner = (closure: Closure) => readonly LayerPlan[]

/** Machines that pull images, each keeping all layers that it ever had. */
class Client {
  readonly #layers = new Set<number>()
  readonly #paths = new Set<StorePath>()
  downloaded = 0
  /** Bytes of the distinct store paths that it has. */
  distinct = 0

  pull(layers: readonly Layer[], nodes: readonly ClosureNode[]): void {
    for (const { id, size } of layers) {
      if (this.#layers.has(id)) continue
      this.#layers.add(id)
      this.downloaded += size
    }
    for (const { path, size } of nodes) {
      if (this.#paths.has(path)) continue
      this.#paths.add(path)
      this.distinct += size
    }
  }
}

/** By what it holds: equal contents, equal ids. Bytes. */
export interface Layer {
  readonly id: number
  readonly size: number
}

/** What a strategy makes of a sequence of images. */
export class Fleet {
  readonly #ids = new Map<string, Layer>()
  readonly #planner: Planner
  readonly #sizes = new Map<StorePath, number>()
  #planned = 0
  #layers = 0
  #milliseconds = 0

  constructor(planner: Planner) {
    this.#planner = planner
  }

  /** Layers per image. */
  get layersPerImage(): number {
    return this.#layers / this.#planned
  }

  /** Milliseconds of a processor for a plan. */
  get planningTime(): number {
    return this.#milliseconds / this.#planned
  }

  /** Bytes of all layers per byte of distinct store paths: what a server keeps. */
  get stored(): number {
    const layers = [...this.#ids.values()].reduce((sum, { size }) => sum + size, 0)
    return layers / [...this.#sizes.values()].reduce((sum, size) => sum + size, 0)
  }

  plan(closures: readonly Closure[]): readonly (readonly Layer[])[] {
    return closures.map((closure) => {
      for (const { path, size } of closure.nodes) this.#sizes.set(path, size)
      const start = process.threadCpuUsage()
      const plan = this.#planner(closure)
      this.#milliseconds += process.threadCpuUsage(start).user / 1000
      this.#planned += 1
      this.#layers += plan.length
      return plan.map((layer) => this.#layer(layer))
    })
  }

  #layer({ storePaths }: LayerPlan): Layer {
    const key = storePaths.join()
    const known = this.#ids.get(key)
    if (known) return known
    const size = storePaths.reduce((sum, path) => sum + (this.#sizes.get(path) ?? 0), 0)
    const layer = { id: this.#ids.size, size }
    this.#ids.set(key, layer)
    return layer
  }
}

/**
 * Clients that pull images in turn.
 * @returns bytes downloaded per byte of the distinct store paths that they got, all clients together
 */
export function downloads(
  images: readonly (readonly Layer[])[],
  closures: readonly Closure[],
  count: number,
): number {
  const clients = Array.from({ length: count }, () => new Client())
  for (const [index, layers] of images.entries()) {
    clients[index % count]?.pull(layers, closures[index]?.nodes ?? [])
  }
  return ratioOf(clients)
}

/**
 * A client that had all images pulls what they became.
 * @returns bytes downloaded per byte of the distinct store paths that are new
 */
export function updates(
  before: readonly (readonly Layer[])[],
  old: readonly Closure[],
  after: readonly (readonly Layer[])[],
  fresh: readonly Closure[],
): number {
  const client = new Client()
  for (const [index, layers] of before.entries()) client.pull(layers, old[index]?.nodes ?? [])
  const { downloaded, distinct } = client
  for (const [index, layers] of after.entries()) client.pull(layers, fresh[index]?.nodes ?? [])
  return (client.downloaded - downloaded) / (client.distinct - distinct)
}

/** The same for clients that know a layer only by all that is below it, as Docker's own store does. */
export function chainedDownloads(
  images: readonly (readonly Layer[])[],
  closures: readonly Closure[],
): number {
  const chains = new Map<string, number>()
  const chained = images.map((layers) => {
    let below = -1
    return layers.map(({ id, size }) => {
      const key = `${below} ${id}`
      below = chains.get(key) ?? chains.size
      chains.set(key, below)
      return { id: below, size }
    })
  })
  return downloads(chained, closures, 1)
}

function ratioOf(clients: readonly Client[]): number {
  const sum = (of: (client: Client) => number) => clients.reduce((all, client) => all + of(client), 0)
  return sum(({ downloaded }) => downloaded) / sum(({ distinct }) => distinct)
}
