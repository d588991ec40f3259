import { NixeryError, UsageError } from '../errors.ts'
import { accessCommand } from './access.ts'
import { gcCommand } from './gc.ts'
import { layerTableCommand } from './layerTable.ts'
import { planCommand } from './plan.ts'
import { serveCommand } from './serve.ts'
import { tokenCommand } from './token.ts'
import { codeOf } from '../work/errno.ts'
import { faultsIn } from '../work/lifetime.ts'

const usage = `Usage: nixery VERB

  serve                          serve the registry; configured by the environment, see README.md
  plan NAME [--tag TAG]          explain the layers of an image
  plan --graph FILE [--strategy NAME] [--table FILE] [--popularity FILE] [--budget N]
                                 plan the layers of an exported reference graph, as JSON; the strategy is one of
                                 dominators (the default here, as in the original), forest, size, single
  layer-table --cache LOCATION [--paths LIST] | --set [--tag TAG] [--cache LOCATION] | --records
              [--output FILE] [--counts FILE] [--parallel N] [--state FOLDER]
                                 make the table by which images share layers by hand, out of a binary cache, the
                                 package set or what servers have built; written to FILE, else to the storage
  gc [--dry-run]                 delete what no image needs, and images beyond NIXERY_GC_KEEP and _SIZE
  token create NAME [--expires DURATION] | list | revoke ID
                                 tokens of robots: passwords that a program uses, without a user
  access check WHO NAME[:TAG] [--claim NAME=VALUE] | schema
                                 say what the rules of NIXERY_ACCESS decide, and which rule does
  help                           print this
`

const verbs: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  serve: serveCommand,
  gc: async (args) => void process.stdout.write(await gcCommand(args)),
  plan: async (args) => void process.stdout.write(await planCommand(args)),
  token: async (args) => void process.stdout.write(await tokenCommand(args)),
  access: async (args) => void process.stdout.write(await accessCommand(args)),
  'layer-table': async (args) => void process.stdout.write(await layerTableCommand(args)),
  help: async () => void process.stdout.write(usage),
}

/** Names of verbs in earlier versions. Scripts may still use them. */
const oldNames: Readonly<Record<string, string>> = { popularity: 'layer-table' }

/**
 * Runs the command line. Never throws: a fault is told on stderr, and the exit code is 1 (2 for wrong usage).
 */
async function main(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args
  const wanted = name === '--help' || name === '-h' ? 'help' : (oldNames[name] ?? name)
  const verb = Object.hasOwn(verbs, wanted) ? verbs[wanted] : undefined
  try {
    if (!verb) throw new UsageError(name === '' ? 'a verb is missing' : `there is no verb '${name}'`)
    await verb(rest)
  } catch (error) {
    for (const fault of faultsIn(error)) tell(fault)
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

await main(process.argv.slice(2))
