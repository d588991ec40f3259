import { readConfig } from '../config/config.ts'
import { createLogger, type Logger } from '../logger.ts'
import { terminateAll } from '../process/runningGroups.ts'
import { startServer, type RunningServer } from '../server.ts'
import { faultsIn } from '../work/lifetime.ts'

/** Milliseconds that programs get to end when the server has to go at once. */
const impatience = 1_000

/**
 * `serve`: serves the registry until the first SIGINT or SIGTERM, and then stops gracefully; a second signal
 * ends the process at once.
 * @throws ConfigError, StorageFailed, NixFailed, InvalidData, CannotListen
 */
export async function serveCommand(): Promise<void> {
  const config = readConfig()
  const logger = createLogger(config.logLevel)
  const server = await startServer(config, logger)
  logger.info(`listening on ${server.address}`)
  let signals = 0
  const onSignal = () => {
    signals += 1
    void (signals === 1 ? stop(server, logger) : leave(server))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
}

async function stop(server: RunningServer, logger: Logger): Promise<void> {
  logger.info('stopping: builds that run may finish')
  try {
    await server.close()
    logger.info('stopped')
  } catch (error) {
    for (const fault of faultsIn(error)) logger.error({ err: fault }, 'the stop failed')
  }
}

/** For somebody who does not want to wait. */
async function leave(server: RunningServer): Promise<void> {
  server.abandon()
  await terminateAll(impatience).finally(() => process.exit(1))
}
