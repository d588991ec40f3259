/** A module is a folder of `src`, or a file directly in it (without its extension). */
export interface ModuleRule {
  /** What it is, for the table in `docs/architecture.md`. */
  readonly is: string
  /** Modules whose values and types it may import. */
  readonly values: readonly string[]
  /** Modules of which it may import types alone. */
  readonly types?: readonly string[]
}

/** Modules that all may import. */
export const foundation: readonly string[] = ['errors', 'logger', 'work', 'process', 'store', 'oci']

/** Rooms that do one part of the work each, and know nothing of each other unless their rule says so. */
export const rooms: readonly string[] = [
  'storage',
  'gc',
  'nix',
  'sources',
  'layers',
  'layerTables',
  'image',
  'archive',
  'queue',
  'access',
]

const all = [...foundation, ...rooms, 'images', 'http', 'config']

/** Who may import whom in `src`. Tests are exempt. A module that is missing here may not exist. */
export const importTable: Readonly<Record<string, ModuleRule>> = {
  errors: { is: 'one class for each fault that a caller treats differently', values: [] },
  logger: { is: 'structured log lines, without secrets', values: ['work'] },
  work: {
    is: 'small helpers: events of long work, single flight, threads, error codes, names with an owner',
    values: ['errors'],
  },
  process: { is: 'running programs, and ending all that they started', values: ['errors', 'work'] },
  oci: { is: 'digests, descriptors, config, manifest, index as exact bytes. No I/O', values: [] },
  store: {
    is: "values of Nix' store: `StorePath`, `PathInfo`, `System`, `Revision`, `Package`",
    values: ['oci'],
  },
  storage: { is: 'blobs and records: filesystem, S3, GCS, memory, tiers', values: foundation },
  gc: {
    is: 'what servers rely on, and the collector that deletes the rest ([garbage collection](garbage-collection.md))',
    values: [...foundation, 'storage'],
  },
  nix: { is: 'evaluating, realising, closures', values: foundation },
  sources: { is: 'tag to revision to files: channel, git, path', values: foundation },
  layers: {
    is: 'closure graph, stable forest, dominators, plan: pure functions ([layering](layering.md))',
    values: ['errors', 'oci', 'store'],
  },
  image: { is: 'image name to request; the root file system and what runs in it', values: foundation },
  archive: {
    is: 'tar, codecs, segments and their cache, layer blobs, in worker threads',
    values: foundation,
  },
  queue: { is: 'where builds wait, in this process: limit, deadline, stop', values: foundation },
  access: {
    is: 'who is asking and what they may have: the access file, identities, tokens, rules',
    values: [...foundation, 'storage'],
  },
  layerTables: {
    is: 'where layer tables come from, and which one a revision uses',
    values: [...foundation, 'storage', 'nix', 'layers'],
    types: ['sources'],
  },
  images: { is: 'the story of one image: find it, or make it once', values: [...foundation, ...rooms] },
  http: {
    is: 'registry routes, errors, ranges, health, metrics',
    values: [...foundation, 'images', 'image', 'access'],
  },
  config: { is: 'the only reader of the environment', values: ['errors', 'oci'], types: all },
  app: { is: 'makes every part out of the configuration, and closes them', values: all },
  housekeeping: { is: 'what a server tidies by itself', values: all },
  server: {
    is: 'a server that listens: all parts, HTTP, housekeeping',
    values: [...all, 'app', 'housekeeping'],
  },
  commands: { is: 'the verbs, and what a terminal shows', values: [...all, 'app', 'server'] },
}
