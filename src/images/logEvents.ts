import type { Logger } from '../logger.ts'
import type { BuildEvent } from '../work/events.ts'

/** Returns a function that logs events as they come. */
export function logEvents(logger: Logger): (event: BuildEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'log':
        logger.info({ derivation: event.derivation }, event.line)
        break
      case 'build':
        logger.info(`building ${event.derivation}`)
        break
      case 'substitute':
        logger.info(`fetching ${event.storePath}`)
        break
      case 'phase':
        logger.debug({ derivation: event.derivation }, `phase ${event.phase}`)
        break
      case 'wait':
        if (event.what !== undefined) logger.info(event.what)
        break
      case 'step':
        logger.debug({ seconds: event.seconds }, `${event.step} done`)
        break
    }
  }
}
