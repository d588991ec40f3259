import type { LevelWithSilent } from 'pino'
import type { SourceConfig } from '../sources/createSource.ts'
import type { StorageConfig } from '../storage/createStorage.ts'
import { access, type AccessConfig } from './access.ts'
import { builds, type Builds } from './builds.ts'
import { collection, type Collection } from './collection.ts'
import { ConfigError } from './configError.ts'
import { downloads, type Downloads } from './downloads.ts'
import type { Given } from './group.ts'
import { layers, type Layers } from './layers.ts'
import { nix, nixpkgsEnvironment, storeGc, type Nix } from './nix.ts'
import { listen, logLevel, stateDir, stopTimeout, type Listen } from './server.ts'
import { netrc, pinTtl, platforms, source, type Platforms } from './source.ts'
import { storage } from './storage.ts'
import { tiers, type Tiers } from './tiers.ts'
import { tls, type TlsConfig } from './tls.ts'

/**
 * The whole configuration, in the words of the program. Its paths are absolute. A new topic is a file of this
 * folder (see `group`), a member here and a line in `readConfig`.
 */
export interface Config {
  readonly listen: Listen
  /** Where the package set comes from. */
  readonly source: SourceConfig
  /** What images are made for if their names leave it open. */
  readonly platforms: Platforms
  /** Seconds that a resolved branch, tag or channel is used before it is looked up again. */
  readonly pinTtl: number
  /** A file with credentials for package sets on the web. It need not be there. */
  readonly netrc: string
  readonly storage: StorageConfig
  readonly downloads: Downloads
  /** Undefined: the server keeps no copies of what is in a bucket. */
  readonly tiers: Tiers | undefined
  /** Folder of this machine for what the server keeps to itself. */
  readonly stateDir: string
  readonly layers: Layers
  readonly nix: Nix
  /** Variables of the environment that change what a package set evaluates to: all `NIXPKGS_*`. */
  readonly nixpkgsEnvironment: Readonly<Record<string, string>>
  readonly builds: Builds
  /** Seconds that running builds get to finish when the server stops. */
  readonly stopTimeout: number
  readonly collection: Collection
  /** Percent of the disk of the Nix store above which Nix collects its garbage. Undefined: never. */
  readonly storeGc: number | undefined
  readonly access: AccessConfig
  /** Undefined: the server speaks plain HTTP. */
  readonly tls: TlsConfig | undefined
  readonly logLevel: LevelWithSilent
}

/** @throws ConfigError that names every fault */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = givenIn(environment)
  const faults: string[] = []
  const read = <Value>(topic: (given: Given) => Value): Value => {
    try {
      return topic(given)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      faults.push(...error.faults)
      // Nobody gets to see it: a configuration with faults is not returned.
      return undefined as Value
    }
  }
  const config: Config = {
    listen: read(listen),
    source: read(source),
    platforms: read(platforms),
    pinTtl: read(pinTtl),
    netrc: read(netrc),
    storage: read(storage),
    downloads: read(downloads),
    tiers: read(tiers),
    stateDir: read(stateDir),
    layers: read(layers),
    nix: read(nix),
    nixpkgsEnvironment: read(nixpkgsEnvironment),
    builds: read(builds),
    stopTimeout: read(stopTimeout),
    collection: read(collection),
    storeGc: read(storeGc),
    access: read(access),
    tls: read(tls),
    logLevel: read(logLevel),
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

/** Compose files and shells write an empty variable to say that there is none. */
function givenIn(environment: Readonly<Record<string, string | undefined>>): Given {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  )
}
