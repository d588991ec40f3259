import { readConfig } from '../config/config.ts'
import { NixeryError, UsageError } from '../errors.ts'
import { createLogger } from '../logger.ts'
import { gcCommand } from './gc.ts'
import { planCommand } from './plan.ts'
import { popularityCommand } from './popularity.ts'
import { codeOf } from '../work/errno.ts'
import { terminateAll } from '../process/runningGroups.ts'
import { serve } from './serve.ts'

const usage = `Usage: nixery VERB

  serve                          serve the registry; configured by the environment, see README.md
  plan NAME [--tag TAG]          explain the layers of an image
  plan --graph FILE [--strategy NAME] [--table FILE] [--popularity FILE] [--budget N]
                                 plan the layers of an exported reference graph, as JSON; the strategy is one of
                                 dominators (the default here, as in the original), forest, size, single
  popularity --cache LOCATION [--paths LIST] | --set [--tag TAG] [--cache LOCATION] | --records
             [--output FILE] [--counts FILE] [--parallel N] [--state FOLDER]
                                 make the table by which images share layers, out of a binary cache, the package
                                 set or what the server has built; written to FILE, else to the server's storage
  gc [--dry-run]                 delete what no image needs, and images beyond NIXERY_GC_KEEP and _SIZE
  help                           print this
`

/** Milliseconds that programs get to end when the server has to go at once. */
const impatience = 1_000

const verbs: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  serve: serveUntilStopped,
  gc: async (args) => void process.stdout.write(await gcCommand(args)),
  plan: async (args) => void process.stdout.write(await planCommand(args)),
  popularity: async (args) => void process.stdout.write(await popularityCommand(args)),
  help: async () => void process.stdout.write(usage),
}

/** Runs the command line. Never throws: a fault is told on stderr, and the exit code is 1 (2 for wrong usage). */
async function main(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args
  const wanted = name === '--help' || name === '-h' ? 'help' : name
  const verb = Object.hasOwn(verbs, wanted) ? verbs[wanted] : undefined
  try {
    if (!verb) throw new UsageError(name === '' ? 'a verb is missing' : `there is no verb '${name}'`)
    await verb(rest)
  } catch (error) {
    tell(error)
  }
}

function tell(error: unknown): void {
  if (error instanceof UsageError || isWrongOption(error)) {
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exitCode = 2
    return
  }
  // What the program foresees needs no stack.
  const text =
    error instanceof NixeryError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`${text}\n`)
  process.exitCode = 1
}

function isWrongOption(error: unknown): error is Error {
  return error instanceof Error && codeOf(error).startsWith('ERR_PARSE_ARGS_')
}

async function serveUntilStopped(): Promise<void> {
  const config = readConfig()
  const logger = createLogger(config.NIXERY_LOG_LEVEL)
  const server = await serve(config, logger)
  logger.info(`listening on ${server.address}`)
  let signals = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signals += 1
      // The second one is from somebody who does not want to wait.
      if (signals > 1) {
        server.abandon()
        return void terminateAll(impatience).finally(() => process.exit(1))
      }
      return void server.stop().catch((error: unknown) => logger.error({ err: error }, 'the stop failed'))
    })
  }
}

await main(process.argv.slice(2))
