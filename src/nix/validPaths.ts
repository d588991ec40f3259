import type { RunOptions } from '../work/events.ts'
import type { NixOptions } from './command.ts'
import { queryStore } from './queryStore.ts'
import type { StorePath } from '../store/storePath.ts'

/** Those of the paths that the store has. @throws NixFailed */
export async function validPaths(
  paths: readonly StorePath[],
  options: NixOptions,
  run: RunOptions,
): Promise<readonly StorePath[]> {
  const listed = await queryStore(['--check-validity', '--print-invalid'], paths, options, run)
  const invalid = new Set(listed.flatMap((text) => text.split('\n')))
  return paths.filter((path) => !invalid.has(path))
}
