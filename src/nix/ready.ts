import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'

/** Asks for no more than the store's answer; its path cannot be valid. */
const NO_SUCH_PATH = '/nix/store/00000000000000000000000000000000-none'

/** See `ChecksReadiness.ready`. */
export async function ready(options: NixOptions, run: RunOptions): Promise<{ readonly version: string }> {
  const [instantiate, store] = await Promise.all([
    runNix('nix-instantiate', ['--version'], options, run),
    runNix('nix-store', ['--check-validity', '--print-invalid', NO_SUCH_PATH], options, run),
  ])
  for (const outcome of [instantiate, store]) {
    if (outcome.code !== 0) throw new NixFailed(`Nix does not work: ${lastWords(outcome)}`)
  }
  const version = /\(.*\) (\S+)/.exec(instantiate.stdout)?.[1]
  if (version === undefined)
    throw new NixFailed(`Nix does not tell its version: ${instantiate.stdout.trim()}`)
  return { version }
}
