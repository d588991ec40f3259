/** A server that tells what it costs: `read` and `restart` by the channel of the process that started it. */
import { files } from './countFiles.ts'
import { readConfig } from '../../src/config/config.ts'
import { createLogger } from '../../src/logger.ts'
import { startServer } from '../../src/server.ts'
import { Stopwatch } from '../stopwatch.ts'

const config = readConfig()
const server = await startServer(config, createLogger(config.logLevel))
const watch = new Stopwatch()

process.on('message', (message) => {
  if (message === 'restart') {
    Object.assign(files, { opened: 0, looked: 0 })
    watch.restart()
    process.send?.({})
  } else if (message === 'read') {
    process.send?.({ ...watch.read(), files })
  } else {
    void server.close().then(() => process.exit())
  }
})
process.send?.({ address: server.address })
