import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { collectionVariables, retentionOf, type RetentionConfig } from './collection.ts'
import { bytes, integer, list, text, url } from './rules.ts'
import { storageOf, storageVariables } from './storage.ts'
import { tierVariables } from './tiers.ts'
import { NixeryError } from '../errors.ts'
import { architectures, ownArchitecture, type Architecture } from '../oci/platform.ts'
import type { StorageConfig } from '../storage/createStorage.ts'

/** Faults in the configuration, all of them. */
export class ConfigError extends NixeryError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    )
    this.faults = faults
  }
}

/** `linux/arm64`, or just `arm64`: there is no other operating system. */
const architecture = z
  .string()
  .transform((value) => value.replace(/^linux\//, ''))
  .pipe(z.enum(architectures, `must be a list of ${architectures.map((name) => `linux/${name}`).join(', ')}`))
const platforms = list
  .pipe(z.tuple([architecture], architecture))
  .transform(([first, ...others]): [Architecture, ...Architecture[]] => [
    first,
    ...new Set(others.filter((one) => one !== first)),
  ])

const week = 7 * 24 * 3600

/** Every variable that is read. The names of the original are kept. */
/** Layers of store paths that an image has at most, where nothing else is said. */
export const mostLayers = 94

const variables = z.object({
  PORT: integer(0, 65_535).default(8080),
  NIXERY_HOST: text.default('0.0.0.0'),
  NIXERY_CHANNEL: text
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a channel such as nixos-26.05, or a commit')
    .optional(),
  NIXERY_CHANNEL_URL: url.default('https://github.com/NixOS/nixpkgs'),
  NIXERY_CHANNEL_TAGS: list.default(['nixos-*', 'nixpkgs-*']),
  NIXERY_PKGS_REPO: text.optional(),
  NIXERY_PKGS_PATH: text.optional(),
  NIXERY_PLATFORMS: platforms.default([ownArchitecture()]),
  NIXERY_PIN_TTL: integer(0, week).default(600),
  ...storageVariables,
  NIXERY_STATE_DIR: text.default('./var/state'),
  NIXERY_LAYER_COMPRESSION: z
    .enum(['gzip', 'zstd', 'none'], "must be 'gzip', 'zstd' or 'none'")
    .default('gzip'),
  NIXERY_LAYER_LEVEL: integer(1, 100).optional(),
  NIXERY_SEGMENT_CACHE: bytes.prefault('10G'),
  NIX_CONFIG: text.optional(),
  NIX_TIMEOUT: integer(1, week).default(60),
  NIXERY_BUILD_DEADLINE: integer(1, week).default(900),
  NIXERY_BUILDS: integer(1, 1024).default(2),
  NIXERY_QUEUE: integer(0, 100_000).default(100),
  NIXERY_EVALUATORS: integer(0, 64).default(1),
  NIXERY_STOP_TIMEOUT: integer(0, 3600).default(30),
  NIX_POPULARITY_URL: text.optional(),
  NIXERY_LAYERING: z
    .enum(['forest', 'size', 'dominators', 'single'], 'must be one of forest, size, dominators, single')
    .default('forest'),
  NIXERY_LAYER_TABLE: text.optional(),
  // Docker's classic store refuses 127 layers; the root layer comes on top.
  NIXERY_MAX_LAYERS: integer(1, 125).default(mostLayers),
  NIXERY_WORKERS: integer(1, 1024).default(availableParallelism()),
  ...tierVariables,
  ...collectionVariables,
  NIXERY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
})

export type Variables = z.infer<typeof variables>

/** Where the package set comes from, in the words of the configuration. */
export type SourceConfig =
  | {
      readonly kind: 'channel'
      readonly channel: string
      readonly baseUrl: string
      readonly tags: readonly string[]
    }
  | { readonly kind: 'git'; readonly repository: string }
  | { readonly kind: 'path'; readonly path: string }

export interface Config extends Omit<Variables, 'NIXERY_CHANNEL' | 'NIXERY_PKGS_REPO' | 'NIXERY_PKGS_PATH'> {
  readonly source: SourceConfig
  readonly storage: StorageConfig
  readonly retention: RetentionConfig
  /** Variables of the environment that change what a package set evaluates to. */
  readonly nixpkgsEnvironment: Readonly<Record<string, string>>
}

/** @throws ConfigError that names every fault */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  // An empty variable is how compose files and shells say that there is none.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = variables.safeParse(given)
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => describeFault(issue, given))
  faults.push(...levelFaults(given))
  const sources = sourcesOf(given, parsed.data)
  const [source] = sources
  if (sources.length !== 1) faults.push(wrongSources(sources))
  const storage = parsed.success ? storageOf(parsed.data) : undefined
  if (typeof storage === 'string') faults.push(storage)
  if (!parsed.success || !source || typeof storage !== 'object' || faults.length > 0) {
    throw new ConfigError(faults)
  }
  const { NIXERY_CHANNEL: _channel, NIXERY_PKGS_REPO: _repo, NIXERY_PKGS_PATH: _path, ...rest } = parsed.data
  const nixpkgsEnvironment = nixpkgsVariables(given)
  return { ...rest, source, storage, retention: retentionOf(rest), nixpkgsEnvironment }
}

function describeFault(issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0])
  return `${name} ${issue.message} (it is '${given[name] ?? ''}')`
}

/** Levels that the compressors have; above these of zstd, they take much time and memory for little. */
const highestLevels: Readonly<Record<string, number>> = { gzip: 12, zstd: 19, none: 0 }

function levelFaults({
  NIXERY_LAYER_COMPRESSION: codec = 'gzip',
  NIXERY_LAYER_LEVEL: level,
}: Readonly<Record<string, string | undefined>>): readonly string[] {
  const highest = highestLevels[codec]
  if (level === undefined || highest === undefined || !(Number(level) > highest)) return []
  const rule = highest === 0 ? 'has no meaning' : `must be from 1 to ${highest}`
  return [`NIXERY_LAYER_LEVEL ${rule} where NIXERY_LAYER_COMPRESSION is ${codec} (it is '${level}')`]
}

function sourcesOf(
  given: Readonly<Record<string, string | undefined>>,
  parsed?: Variables,
): readonly SourceConfig[] {
  const { NIXERY_CHANNEL: channel, NIXERY_PKGS_REPO: repository, NIXERY_PKGS_PATH: path } = given
  return [
    ...(channel === undefined
      ? []
      : [
          {
            kind: 'channel' as const,
            channel,
            baseUrl: parsed?.NIXERY_CHANNEL_URL ?? '',
            tags: parsed?.NIXERY_CHANNEL_TAGS ?? [],
          },
        ]),
    ...(repository === undefined ? [] : [{ kind: 'git' as const, repository }]),
    ...(path === undefined ? [] : [{ kind: 'path' as const, path }]),
  ]
}

function wrongSources(sources: readonly SourceConfig[]): string {
  const choices = `NIXERY_CHANNEL (a channel of Nixpkgs, such as nixos-unstable), NIXERY_PKGS_REPO (a git repository) or NIXERY_PKGS_PATH (a folder)`
  return sources.length === 0
    ? `no package set is configured: set one of ${choices}`
    : `more than one package set is configured: set only one of ${choices}`
}

function nixpkgsVariables(
  given: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      name.startsWith('NIXPKGS_') && value !== undefined ? [[name, value]] : [],
    ),
  )
}
