import { readFile } from 'node:fs/promises'
import { InvalidData } from '../errors.ts'

/** What an operator may allow that Nixpkgs refuses, by the variable with which he does. */
const permissions = {
  NIXPKGS_ALLOW_UNFREE: 'unfree',
  NIXPKGS_ALLOW_BROKEN: 'broken',
  NIXPKGS_ALLOW_INSECURE: 'insecure',
  NIXPKGS_ALLOW_UNSUPPORTED_SYSTEM: 'unsupportedSystem',
} as const

export type Permission = (typeof permissions)[keyof typeof permissions]

/** The variable that names a file of Nixpkgs' configuration. */
const configFile = 'NIXPKGS_CONFIG'

/**
 * What `NIXPKGS_*` variables say, in the words of a package set's argument `config`: evaluators have no
 * environment.
 */
export interface NixpkgsConfig {
  readonly allow: readonly Permission[]
  /** Content of a Nix file. */
  readonly config?: string
  /** Variables that say something. */
  readonly given: readonly string[]
  /** Variables that no evaluation sees. */
  readonly unknown: readonly string[]
}

/**
 * The variables with the content of the file that `NIXPKGS_CONFIG` names instead of its path: what is
 * evaluated depends on that. @throws InvalidData if it cannot be read
 */
export async function readConfigFile(
  environment: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const path = environment[configFile]
  if (path === undefined) return environment
  try {
    return { ...environment, [configFile]: await readFile(path, 'utf8') }
  } catch (cause) {
    throw new InvalidData(`NIXPKGS_CONFIG names ${path}, which cannot be read`, { cause })
  }
}

/** @param environment as `readConfigFile` answers it */
export function nixpkgsConfigOf(environment: Readonly<Record<string, string>>): NixpkgsConfig {
  const entries = Object.entries(environment)
  const isPermission = (name: string): name is keyof typeof permissions => name in permissions
  // As Nixpkgs has it: any other value means no.
  const allowed = entries.flatMap(([name, value]) => (isPermission(name) && value === '1' ? [name] : []))
  const config = environment[configFile]
  return {
    allow: allowed.map((name) => permissions[name]).toSorted(),
    ...(config === undefined ? {} : { config }),
    given: [...allowed, ...(config === undefined ? [] : [configFile])],
    unknown: entries.map(([name]) => name).filter((name) => !isPermission(name) && name !== configFile),
  }
}
