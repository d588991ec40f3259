import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The packages, and behind them those that they cannot be used without: modules of Python or Perl name what they
 * import in `nix-support/propagated-build-inputs`, since no file of theirs refers to it.
 */
export function withPropagated(outputs: readonly string[]): readonly string[] {
  const all = new Set(outputs)
  // A Set is iterated in the order of insertion, what is added meanwhile included.
  for (const path of all) for (const propagated of propagatedBy(path)) all.add(propagated)
  return [...all]
}

function propagatedBy(path: string): readonly string[] {
  try {
    return readFileSync(join(path, 'nix-support/propagated-build-inputs'), 'utf8')
      .split(/\s+/)
      .filter(Boolean)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return []
    throw error
  }
}
