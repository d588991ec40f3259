import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../process/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'
import { parsePathInfos } from './pathInfos.ts'
import { isStorePath, type PathInfo, type StorePath } from './types.ts'

/** Paths for one call: a system takes 2 MB of arguments in all, a path has at most 254 bytes. */
const CHUNK = 5_000

/** See `Nix.closure`. */
export async function closure(
  roots: readonly StorePath[],
  options: NixOptions,
  run: RunOptions,
): Promise<readonly PathInfo[]> {
  if (roots.length === 0) return []
  const paths = new Set<StorePath>()
  for (const chunk of chunksOf(roots)) {
    const listed = await ask(['--query', '--requisites', ...chunk], options, run)
    for (const line of listed.split('\n')) if (isStorePath(line)) paths.add(line)
  }
  const infos: PathInfo[] = []
  for (const chunk of chunksOf([...paths])) {
    infos.push(...parsePathInfos(await ask(['--dump-db', ...chunk], options, run)))
  }
  if (infos.length !== paths.size) throw new NixFailed('the Nix store does not know all paths of its closure')
  return infos.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function ask(args: readonly string[], options: NixOptions, run: RunOptions): Promise<string> {
  const outcome = await runNix('nix-store', args, options, run)
  if (outcome.code === 0) return outcome.stdout
  throw new NixFailed(`the Nix store cannot be queried: ${lastWords(outcome)}`)
}

function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / CHUNK)
  return Array.from({ length: count }, (_, index) => items.slice(index * CHUNK, (index + 1) * CHUNK))
}
