import type { FastifyInstance } from 'fastify'
import { createAccess } from './access/createAccess.ts'
import { createApp } from './app.ts'
import type { Config } from './config/config.ts'
import { CannotListen } from './errors.ts'
import type { CollectionReport } from './gc/collector.ts'
import { startHousekeeping } from './housekeeping.ts'
import { Audit } from './http/audit.ts'
import { LayerTableMetrics } from './http/layerTableMetrics.ts'
import { Metrics, type CollectionFigures } from './http/metrics.ts'
import { createOperatorServer } from './http/operatorServer.ts'
import type { HttpParts } from './http/parts.ts'
import { SendBuffers } from './http/sendBuffers.ts'
import { createServer } from './http/server.ts'
import { TlsFiles } from './http/tlsFiles.ts'
import { TransportEncoding } from './http/transportEncoding.ts'
import { TableWatch } from './images/tableWatch.ts'
import { logEvents } from './images/logEvents.ts'
import { checkPackageSet } from './images/packageSetCheck.ts'
import { sourceId } from './layerTables/sourceId.ts'
import { TableGrowth } from './layerTables/tableGrowth.ts'
import type { Logger } from './logger.ts'
import { describeNix } from './nix/describeNix.ts'
import { StartCheck } from './sources/startCheck.ts'
import { layout } from './storage/layout.ts'
import { Records } from './storage/records.ts'
import { systems } from './store/system.ts'
import { codeOf } from './work/errno.ts'
import type { RunOptions } from './work/events.ts'
import { assemble, type Closes } from './work/lifetime.ts'

/** A server that listens. */
export interface RunningServer extends Closes {
  /** `http://HOST:PORT`, with the port that it really has. */
  readonly address: string
  /**
   * Stops gracefully: takes no new builds, waits for the builds that run (for the configured time), then for
   * answers that are being sent, then closes the rest.
   */
  close(): Promise<void>
  /** Ends all builds now. Their clients get the answer that the server stops. */
  abandon(): void
}

/** Milliseconds that running downloads get, even where the builds took all the time. */
const leastForDownloads = 1_000

/**
 * Starts a server: makes all parts, listens, and tidies the storage and the Nix store from time to time. If
 * the start fails, nothing stays open.
 * @throws StorageFailed, NixFailed, InvalidData, InvalidSource, CannotListen
 */
export function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  return assemble(async (stack) => {
    const app = stack.use(await createApp(config, logger))
    const { storage, images, queue, nix, buildsWarning } = app
    const metrics = new Metrics()
    const system = systems[config.platforms[0]]
    const check = (run: RunOptions) =>
      checkPackageSet({ source: app.source, nix, buildsWarning, system }, run)
    const sourceCheck = stack.adopt(new StartCheck({ check }, logEvents(logger)), (one) => one.stop())
    await sourceCheck.start()
    stack.adopt(
      startHousekeeping(config, {
        storage: app.bucket,
        queue,
        logger,
        onCollection: (report) => metrics.collected(report && figuresOf(report)),
      }),
      (one) => one.stop(),
    )
    const { file, keyFile, publicUrl } = config.access
    const followed =
      file === undefined
        ? undefined
        : stack.adopt(await createAccess({ file, keyFile }, app.bucket, logger), (one) => one.stop())
    if (config.layers.strategy === 'forest') {
      const { layerings, measureTable: measure } = app
      const tableMetrics = new LayerTableMetrics(metrics.registry)
      stack.adopt(
        new TableWatch({ layerings, measure, onEffect: (effect) => tableMetrics.measured(effect), logger }),
        (one) => one.stop(),
      )
    }
    if (config.layers.automaticTables) {
      const growth = { storage, tables: app.tables, source: sourceId(config.source), logger }
      stack.adopt(new TableGrowth(growth), (one) => one.stop())
      chooseTable(app, logger)
    }
    let patience = leastForDownloads
    const certificate =
      config.tls && stack.adopt(await TlsFiles.read(config.tls, logger), (one) => one.stop())
    const { metricsPort, trustedProxies, auditPulls } = config.listen
    const parts: HttpParts = {
      images,
      gate: followed && { access: followed.access, architectures: config.platforms, publicUrl },
      sendBuffers: new SendBuffers(),
      accelRedirect: config.downloads.accelRedirect,
      transportEncoding: new TransportEncoding(),
      logger,
      metrics,
      checks: [
        { name: 'storage', check: () => new Records(storage.records, layout.health).put([], Date.now()) },
        { name: 'nix', check: () => describeNix(nix, buildsWarning) },
        { name: 'source', check: async () => sourceCheck.ready() },
      ],
      audit: new Audit(logger, { pulls: auditPulls }),
      operatorPort: metricsPort !== undefined,
      tls: certificate?.pair,
      requestsPerMinute: config.listen.requestsPerMinute,
      trustedProxies,
    }
    if (metricsPort !== undefined) {
      const operators = stack.adopt(createOperatorServer(parts), (one) => closeBy(one, leastForDownloads))
      const where = await listen(operators, { host: config.listen.host, port: metricsPort })
      logger.info(`metrics are at ${where}/metrics`)
    }
    const server = stack.adopt(createServer(parts), (one) => closeBy(one, patience))
    certificate?.follow(server.server)
    const address = await listen(server, config.listen)
    tellWhatIsOpen(config, logger)
    // The last on the stack, hence the first when it stops: the server still answers while the builds finish.
    stack.defer(async () => {
      const end = performance.now() + config.stopTimeout * 1000
      await queue.stop(config.stopTimeout)
      patience = Math.max(leastForDownloads, end - performance.now())
    })
    return { address, abandon: () => queue.abandon() }
  })
}

/** One line for operators: who may pull from this server. */
function tellWhatIsOpen({ access, listen: { host } }: Config, logger: Logger): void {
  if (access.file !== undefined) {
    const hint =
      access.publicUrl === undefined ? '; set NIXERY_PUBLIC_URL if clients know it by another address' : ''
    logger.info(`the rules of ${access.file} say who may pull what${hint}`)
  } else if (/^(localhost|127(\.\d+){3}|::1)$/.test(host)) {
    logger.info('programs of this machine may pull everything')
  } else {
    logger.warn(
      `everybody who can reach ${host} may pull everything and have anything built: set NIXERY_ACCESS, see docs/access.md`,
    )
  }
}

/** Has the table of `latest` made before the first image needs it. */
function chooseTable(
  { source, layerings, queue }: Pick<Awaited<ReturnType<typeof createApp>>, 'source' | 'layerings' | 'queue'>,
  logger: Logger,
): void {
  source
    .pin('latest', { signal: queue.stopped, onEvent: () => undefined })
    .then((revision) => layerings.choose(revision))
    .catch((error: unknown) => logger.debug({ err: error }, 'no layer table was chosen for latest yet'))
}

function figuresOf({ found, deleted, verdict }: CollectionReport): CollectionFigures {
  const left = {
    bytes: found.bytes - deleted.bytes,
    blobs: found.blobs - deleted.blobs,
    images: found.images - verdict.images.length,
  }
  return { left, deleted }
}

/** @returns `http://HOST:PORT` @throws CannotListen */
async function listen(
  server: FastifyInstance,
  { host, port }: Pick<Config['listen'], 'host' | 'port'>,
): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    const why = reasons[codeOf(cause)] ?? String(cause)
    throw new CannotListen(`cannot listen on ${host}:${port} (NIXERY_HOST, PORT): ${why}`, { cause })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has it',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'ports below 1024 need more rights',
}

/**
 * Lets running answers finish. A client that does not read must not keep the server from ending.
 * @param patience milliseconds
 */
async function closeBy(server: FastifyInstance, patience: number): Promise<void> {
  const late = setTimeout(() => server.server.closeAllConnections(), patience)
  try {
    await server.close()
  } finally {
    clearTimeout(late)
  }
}
