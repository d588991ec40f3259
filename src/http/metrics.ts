import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Registry } from 'prom-client'
import type { CollectionReport } from '../gc/collector.ts'

/** What `/metrics` tells. Names follow Prometheus' rules: base units, `_total` for what only grows. */
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

  /** A collection of this server ended; without a report, in a fault. */
  collected(report: CollectionReport | undefined): void {
    this.#runs.inc({ outcome: report ? 'ok' : 'failed' })
    if (!report) return
    const { found, deleted, verdict } = report
    this.#bytes.set(found.bytes - deleted.bytes)
    this.#blobs.set(found.blobs - deleted.blobs)
    this.#images.set(found.images - verdict.images.length)
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
