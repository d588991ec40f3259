import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { LockedPackage } from '../lock/lock.ts'

/** Where the set's fixed-output derivations will look for the packages, in their order. */
export function storePathsOf(set: string, packages: readonly LockedPackage[]): readonly string[] {
  const expression = `{ packages }: map (p: "\${import (/. + ${JSON.stringify(join(set, 'fetch-deb.nix'))}) p}") (builtins.fromJSON packages)`
  const args = ['--eval', '--strict', '--json', '--expr', expression, '--argstr', 'packages', JSON.stringify(packages)]
  return JSON.parse(nix('nix-instantiate', args))
}

/** Those of the paths that the store does not have. */
export function missingFromStore(paths: readonly string[]): ReadonlySet<string> {
  const invalid = nix('nix-store', ['--check-validity', '--print-invalid', ...paths])
  return new Set(invalid.split('\n').filter((line) => line !== ''))
}

/** Puts files into the store under their own names; returns their store paths, in order. */
export function addToStore(files: readonly string[]): readonly string[] {
  return nix('nix-store', ['--add-fixed', 'sha256', ...files]).trim().split('\n')
}

function nix(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'inherit'] })
}
