import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.ts'
import { CannotListen } from '../errors.ts'
import { startHousekeeping } from '../housekeeping.ts'
import { Metrics } from '../http/metrics.ts'
import { SendBuffers } from '../http/sendBuffers.ts'
import { createServer } from '../http/server.ts'
import { TransportEncoding } from '../http/transportEncoding.ts'
import type { Logger } from '../logger.ts'
import { layout } from '../storage/layout.ts'
import { Records } from '../storage/records.ts'
import { codeOf } from '../work/errno.ts'
import { wire } from '../app.ts'

/** A server that listens. */
export interface RunningServer {
  /** `http://HOST:PORT`, with the port that it really has. */
  readonly address: string
  /** Ends gracefully: no new builds, then what runs within `NIXERY_STOP_TIMEOUT`, then the rest. Once or often. */
  stop(): Promise<void>
  /** Ends all builds now; their clients are told that the server stops. */
  abandon(): void
}

/** Joins all parts into a server and listens. @throws StorageFailed, NixFailed, InvalidData, CannotListen */
export async function serve(config: Config, logger: Logger): Promise<RunningServer> {
  const { storage, bucket, holds, nix, source, packer, images, forms, catalog } = await wire(config, logger)
  const metrics = new Metrics()
  const server = createServer({
    images,
    forms,
    catalog,
    holds,
    blobs: storage.blobs,
    files: storage.files,
    sendBuffers: new SendBuffers(),
    urls: storage.urls,
    accelRedirect: config.NIXERY_ACCEL_REDIRECT,
    transportEncoding: new TransportEncoding(storage.blobs),
    logger,
    metrics,
    checks: [
      { name: 'storage', check: () => new Records(storage.records, layout.health).put([], Date.now()) },
      { name: 'nix', check: async () => void (await nix.ready()) },
    ],
  })
  const { NIXERY_HOST: host, PORT: port } = config
  const address = await server.listen({ host, port }).catch(async (cause: unknown) => {
    await packer.close()
    throw new CannotListen(`cannot listen on ${host}:${port} (NIXERY_HOST, PORT): ${whyNot(cause)}`, {
      cause,
    })
  })
  const housekeeping = startHousekeeping(config, {
    storage: bucket,
    images,
    logger,
    onCollection: (report) => metrics.collected(report),
  })
  let stopping: Promise<void> | undefined
  const finish = async () => {
    logger.info('stopping: builds that run may finish')
    const end = performance.now() + config.NIXERY_STOP_TIMEOUT * 1000
    await images.stop(config.NIXERY_STOP_TIMEOUT)
    await closeBy(server, Math.max(leastForDownloads, end - performance.now()))
    await Promise.all([housekeeping.stop(), holds.stop(), packer.close(), nix.close(), source.close()])
    logger.info('stopped')
  }
  return { address, stop: () => (stopping ??= finish()), abandon: () => images.abandon() }
}

/** Milliseconds that running downloads get, even where the builds took all the time. */
const leastForDownloads = 1_000

/** Lets running answers finish; a client that does not read must not keep the server from ending. */
async function closeBy(server: FastifyInstance, patience: number): Promise<void> {
  const late = setTimeout(() => server.server.closeAllConnections(), patience)
  await server.close()
  clearTimeout(late)
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'ports below 1024 need more rights',
}

function whyNot(cause: unknown): string {
  return reasons[codeOf(cause)] ?? String(cause)
}
