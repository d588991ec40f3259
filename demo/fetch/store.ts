import { execFileSync } from 'node:child_process'

/** Where the derivations of a set will look for its packages: store path by the package's hash. */
export function storePathsOf(set: string, system: string): ReadonlyMap<string, string> {
  const expression = `
    { set, system }:
    let
      fetchDeb = import (/. + "\${set}/fetch-deb.nix") builtins.currentSystem;
      lock = builtins.fromJSON (builtins.readFile (/. + "\${set}/lock.\${system}.json"));
      packages = builtins.concatMap (unit: unit.packages) (builtins.attrValues lock.units);
    in
    builtins.listToAttrs (map (p: { name = p.sha256; value = "\${fetchDeb p}"; }) packages)`
  const args = [
    '--eval',
    '--strict',
    '--json',
    '--expr',
    expression,
    '--argstr',
    'set',
    set,
    '--argstr',
    'system',
    system,
  ]
  const paths: Record<string, string> = JSON.parse(nix('nix-instantiate', args))
  return new Map(Object.entries(paths))
}

/** Those of the paths that the store does not have. */
export function missingFromStore(paths: readonly string[]): ReadonlySet<string> {
  const invalid = nix('nix-store', ['--check-validity', '--print-invalid', ...paths])
  return new Set(invalid.split('\n').filter((line) => line !== ''))
}

/** Puts files into the store under their own names; returns their store paths, in order. */
export function addToStore(files: readonly string[]): readonly string[] {
  return nix('nix-store', ['--add-fixed', 'sha256', ...files])
    .trim()
    .split('\n')
}

function nix(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
