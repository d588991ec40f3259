import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'
import type { StorePath } from '../store/storePath.ts'

/** Paths for one call: a system takes 2 MB of arguments in all, a path has at most 254 bytes. */
const CHUNK = 5_000

/**
 * What `nix-store` answers to a question about paths, in one text for each call that it takes. @throws
 * NixFailed
 */
export async function queryStore(
  question: readonly string[],
  paths: readonly StorePath[],
  options: NixOptions,
  run: RunOptions,
): Promise<readonly string[]> {
  const answers: string[] = []
  for (let at = 0; at < paths.length; at += CHUNK) {
    const outcome = await runNix('nix-store', [...question, ...paths.slice(at, at + CHUNK)], options, run)
    if (outcome.code !== 0) throw new NixFailed(`the Nix store cannot be queried: ${lastWords(outcome)}`)
    answers.push(outcome.stdout)
  }
  return answers
}
