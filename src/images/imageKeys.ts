import type { Layering, Layerings } from '../layerTables/layering.ts'
import type { ImageOrder } from './inventory.ts'
import { imageKey, type ImageIdentity } from './keys.ts'

/** The parts of an image's key that the configuration of a server decides. */
interface ImageKeysOptions {
  readonly identity: Pick<ImageIdentity, 'environment' | 'codec'>
  readonly layerings: Pick<Layerings, 'choose'>
}

/** Under which keys this server records images. */
export class ImageKeys {
  readonly #options: ImageKeysOptions

  constructor(options: ImageKeysOptions) {
    this.#options = options
  }

  /** The key of an order, and the layering that is a part of it. @throws StorageFailed */
  async of(order: ImageOrder): Promise<{ readonly key: string; readonly layering: Layering }> {
    const { identity, layerings } = this.#options
    const layering = await layerings.choose(order.revision)
    return { key: imageKey({ ...order, ...identity, layering: layering.identity }), layering }
  }
}
