import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Registry } from 'prom-client'

/** Numbers of one collection. */
export interface CollectionFigures {
  /** What the storage has after the collection. An image is a manifest. */
  readonly left: { readonly bytes: number; readonly blobs: number; readonly images: number }
  readonly deleted: { readonly bytes: number; readonly blobs: number; readonly records: number }
}

/** The metrics of `/metrics`. Names follow Prometheus' rules: base units, and `_total` for counters. */
export class Metrics {
  readonly registry = new Registry()
  readonly #bytes = this.#gauge('nixery_storage_bytes', 'Bytes of blobs after the last collection')
  readonly #blobs = this.#gauge('nixery_storage_blobs', 'Blobs after the last collection')
  readonly #images = this.#gauge('nixery_storage_images', 'Manifests after the last collection')
  readonly #lastEnd = this.#gauge(
    'nixery_gc_last_success_timestamp_seconds',
    'When a collection last ended well',
  )
  readonly #runs = this.#counter('nixery_gc_runs_total', 'Collections of this server, by outcome', [
    'outcome',
  ])
  readonly #deleted = this.#counter('nixery_gc_deleted_total', 'Things that were deleted, by kind', ['kind'])
  readonly #freed = this.#counter('nixery_gc_freed_bytes_total', 'Bytes of blobs that were deleted')

  /** Counts a collection of this server. @param figures undefined if it failed */
  collected(figures: CollectionFigures | undefined): void {
    this.#runs.inc({ outcome: figures ? 'ok' : 'failed' })
    if (!figures) return
    const { left, deleted } = figures
    this.#bytes.set(left.bytes)
    this.#blobs.set(left.blobs)
    this.#images.set(left.images)
    this.#lastEnd.setToCurrentTime()
    this.#deleted.inc({ kind: 'blob' }, deleted.blobs)
    this.#deleted.inc({ kind: 'record' }, deleted.records)
    this.#freed.inc(deleted.bytes)
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] })
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }
}

/** `/metrics`, in the text format of Prometheus. */
export function registerMetrics(server: FastifyInstance, { registry }: Metrics): void {
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  )
}
