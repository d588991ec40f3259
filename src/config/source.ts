import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { architectures, ownArchitecture, type Architecture } from '../oci/platform.ts'
import type { SourceConfig } from '../sources/createSource.ts'
import { ConfigError } from './configError.ts'
import { group, type Given } from './group.ts'
import { integer, list, text, url, week } from './rules.ts'

const choices =
  'NIXERY_CHANNEL (a channel of Nixpkgs, such as nixos-unstable), NIXERY_PKGS_REPO (a git repository) or NIXERY_PKGS_PATH (a folder)'
const noSet = `no package set is configured: set one of ${choices}`
const severalSets = `more than one package set is configured: set only one of ${choices}`

export const source = group({
  variables: {
    NIXERY_CHANNEL: text
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a channel such as nixos-26.05, or a commit')
      .optional(),
    NIXERY_CHANNEL_URL: url.default('https://github.com/NixOS/nixpkgs'),
    NIXERY_CHANNEL_TAGS: list.default(['nixos-*', 'nixpkgs-*']),
    NIXERY_PKGS_REPO: text.optional(),
    NIXERY_PKGS_PATH: text.optional(),
  },
  faults: faultsInNumber,
  value: (variables): SourceConfig => {
    const { NIXERY_CHANNEL: channel, NIXERY_PKGS_REPO: repository, NIXERY_PKGS_PATH: path } = variables
    const { NIXERY_CHANNEL_URL: baseUrl, NIXERY_CHANNEL_TAGS: tags } = variables
    if (channel !== undefined) return { kind: 'channel', channel, baseUrl, tags }
    if (repository !== undefined) return { kind: 'git', repository }
    if (path !== undefined) return { kind: 'path', path: resolve(path) }
    throw new ConfigError([noSet])
  },
})

function faultsInNumber(given: Given): readonly string[] {
  const sets = [given['NIXERY_CHANNEL'], given['NIXERY_PKGS_REPO'], given['NIXERY_PKGS_PATH']]
  const count = sets.filter((one) => one !== undefined).length
  if (count === 1) return []
  return [count === 0 ? noSet : severalSets]
}

/** `linux/arm64`, or just `arm64`: there is no other operating system. */
const architecture = z
  .string()
  .transform((value) => value.replace(/^linux\//, ''))
  .pipe(z.enum(architectures, `must be a list of ${architectures.map((name) => `linux/${name}`).join(', ')}`))

/** Without repetitions. The first is for clients that cannot choose. */
export type Platforms = readonly [Architecture, ...Architecture[]]

export const platforms = group({
  variables: {
    NIXERY_PLATFORMS: list.pipe(z.tuple([architecture], architecture)).default([ownArchitecture()]),
  },
  value: ({ NIXERY_PLATFORMS: [first, ...others] }): Platforms => [
    first,
    ...new Set(others.filter((one) => one !== first)),
  ],
})

export const pinTtl = group({
  variables: { NIXERY_PIN_TTL: integer(0, week).default(600) },
  value: ({ NIXERY_PIN_TTL: seconds }) => seconds,
})

/** A file with credentials by host: that of curl, git and Nix if nothing else is configured. */
export const netrc = group({
  variables: { NIXERY_NETRC: text.optional() },
  value: ({ NIXERY_NETRC: file }) => resolve(file ?? join(homedir(), '.netrc')),
})
