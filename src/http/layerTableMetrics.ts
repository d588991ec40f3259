import { Gauge, type Registry } from 'prom-client'
import type { TableEffect } from '../images/tableEffect.ts'

/**
 * The metrics of the layer table of the revision that was used last. All are 0 without a table, and before
 * the first measurement.
 */
export class LayerTableMetrics {
  readonly #made: Gauge
  readonly #known: Gauge
  readonly #images: Gauge
  readonly #bytes: Gauge
  readonly #saved: Gauge

  constructor(registry: Registry) {
    const gauge = (name: string, help: string) =>
      new Gauge({ name: `nixery_layer_table_${name}`, help, registers: [registry] })
    this.#made = gauge(
      'made_timestamp_seconds',
      'When the layer table of the revision that was used last was made',
    )
    this.#known = gauge(
      'known_ratio',
      'Share of the packages in images of this revision that the table knows',
    )
    this.#images = gauge('images', 'Images of this revision that the storage lists')
    this.#bytes = gauge('bytes', 'Bytes of store paths in all different layers of these images')
    this.#saved = gauge('saved_bytes', 'Bytes more that these layers would have without the table')
  }

  measured(effect: TableEffect | undefined): void {
    const { made, known = 0, images = 0, bytes = 0, bytesWithout = 0 } = effect ?? {}
    this.#made.set(made === undefined ? 0 : Date.parse(made) / 1000)
    this.#known.set(known)
    this.#images.set(images)
    this.#bytes.set(bytes)
    this.#saved.set(bytesWithout - bytes)
  }
}
