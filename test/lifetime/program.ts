/**
 * Starts a server as the environment says, closes it, and prints as JSON what it held and what it left open.
 * `node program.ts idle`: at once. `node program.ts building IMAGE`: while the image is being built.
 */
import { pino } from 'pino'
import { readConfig } from '../../src/config/config.ts'
import { run } from '../../src/process/run.ts'
import { startServer, type RunningServer } from '../../src/server.ts'
import { leftSince, openThings, watchTimers } from './openThings.ts'

watchTimers()
const [scenario = '', image = ''] = process.argv.slice(2)
const building = Promise.withResolvers<void>()
const logger = pino(
  { level: 'debug' },
  { write: (line) => void (line.includes('building /nix/store') && building.resolve()) },
)

async function startAndClose(): Promise<unknown> {
  const config = readConfig()
  // The thread that runs programs, and its watchdog, are the process' own: they stay.
  await run('true', [], { signal: new AbortController().signal })
  const before = await openThings()
  let server: RunningServer
  try {
    server = await startServer(config, logger)
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error), left: await leftSince(before) }
  }
  const answer = scenario === 'building' ? fetch(`${server.address}/v2/${image}/manifests/latest`) : undefined
  if (answer) await building.promise
  const held = (await openThings()).filter((one) => !before.includes(one))
  const closing = server.close()
  const isOne = server.close() === closing
  const status = (await answer)?.status
  await closing
  return { held, isOne, status, left: await leftSince(before) }
}

console.log(JSON.stringify(await startAndClose()))
