/** A module is a folder of `src`, or a file directly in it (without its extension). */
export interface ModuleRule {
  /** Modules whose values and types it may import. */
  readonly values: readonly string[]
  /** Modules of which it may import types alone. */
  readonly types?: readonly string[]
}

/** What every module may import beside its own files. */
const common = ['errors', 'logger', 'process']

const parts = ['oci', 'storage', 'gc', 'nix', 'sources', 'layers', 'image', 'archive']

const all = [...common, ...parts, 'build', 'http', 'config']

/** Who may import whom, in `src`. Tests are exempt. A module that is missing here may not exist. */
export const importTable: Readonly<Record<string, ModuleRule>> = {
  errors: { values: common },
  logger: { values: common },
  process: { values: common },
  oci: { values: common },
  storage: { values: [...common, 'oci'] },
  gc: { values: [...common, 'oci', 'storage'] },
  nix: { values: common },
  sources: { values: [...common, 'oci'], types: ['nix'] },
  layers: { values: [...common, 'oci'], types: ['nix'] },
  image: { values: [...common, 'oci'], types: ['nix'] },
  archive: { values: [...common, 'oci'], types: ['nix'] },
  build: { values: [...common, ...parts] },
  http: { values: [...common, 'build', 'gc', 'image', 'oci', 'storage'] },
  config: { values: ['errors', 'oci'], types: all },
  wiring: { values: all },
  housekeeping: { values: all },
  serve: { values: [...all, 'housekeeping', 'wiring'] },
  progressBar: { values: [] },
  gcCommand: { values: [...all, 'progressBar', 'wiring'] },
  planCommand: { values: [...all, 'wiring'] },
  popularity: { values: [...common, 'oci', 'storage', 'nix', 'layers', 'build'] },
  popularityCommand: { values: [...all, 'popularity', 'progressBar', 'wiring'] },
  cli: { values: [...all, 'serve', 'gcCommand', 'planCommand', 'popularityCommand'] },
}
