import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../process/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'
import type { StorePath } from './types.ts'

/** Paths for one call: a system takes 2 MB of arguments in all, a path has at most 254 bytes. */
const chunk = 5_000

/** Those of the paths that the store has. @throws NixFailed */
export async function validPaths(
  paths: readonly StorePath[],
  options: NixOptions,
  run: RunOptions,
): Promise<readonly StorePath[]> {
  const invalid = new Set<string>()
  for (let at = 0; at < paths.length; at += chunk) {
    const args = ['--check-validity', '--print-invalid', ...paths.slice(at, at + chunk)]
    const outcome = await runNix('nix-store', args, options, run)
    if (outcome.code !== 0) throw new NixFailed(`the Nix store cannot be queried: ${lastWords(outcome)}`)
    for (const line of outcome.stdout.split('\n')) invalid.add(line)
  }
  return paths.filter((path) => !invalid.has(path))
}
