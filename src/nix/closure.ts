import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import type { NixOptions } from './command.ts'
import { parsePathInfos } from './pathInfos.ts'
import { queryStore } from './queryStore.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { PathInfo } from '../store/pathInfo.ts'

/** See `Nix.closure`. */
export async function closure(
  roots: readonly StorePath[],
  options: NixOptions,
  run: RunOptions,
): Promise<readonly PathInfo[]> {
  const listed = await queryStore(['--query', '--requisites'], roots, options, run)
  const paths = new Set(listed.flatMap((text) => text.split('\n').filter(isStorePath)))
  const dumped = await queryStore(['--dump-db'], [...paths], options, run)
  const infos = dumped.flatMap(parsePathInfos)
  if (infos.length !== paths.size) throw new NixFailed('the Nix store does not know all paths of its closure')
  return infos.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
