import { InvalidName } from '../errors.ts'
import type { Architecture } from '../oci/platform.ts'

/** What an image name asks for. Equal requests, equal images. */
export interface ImageRequest {
  /** The name as the client wrote it. */
  readonly name: string
  /** Attribute paths, sorted, each once: the order in the name does not matter. */
  readonly packages: readonly string[]
  /** Whether the name began with `shell`. */
  readonly shell: boolean
  /** Set if the name contains an architecture. */
  readonly architecture?: Architecture
}

/** OCI distribution-spec, "Pulling manifests": the grammar of a repository's name. */
const separator = '(?:[._]|__|[-]+)'
const component = new RegExp(`^[a-z0-9]+(?:${separator}[a-z0-9]+)*$`)

const longestName = 255
const mostComponents = 32

const shellPackages = ['bashinteractive', 'coreutils', 'moreutils', 'nano']
/**
 * Certificates, and the names of protocols and ports. Without them programs that use the network fail in
 * strange ways.
 */
const alwaysIn = ['cacert', 'iana-etc']
/** Words before the packages that are not packages themselves. */
export const metaPackages: ReadonlySet<string> = new Set(['shell', 'arm64', 'amd64'])

/**
 * `shell/git/htop` → what it asks for.
 * @throws InvalidName with the rule that the name breaks
 */
export function parseImageName(name: string): ImageRequest {
  const parts = split(name)
  const firstPackage = parts.findIndex((part) => !metaPackages.has(part))
  const meta = new Set(firstPackage === -1 ? parts : parts.slice(0, firstPackage))
  const named = firstPackage === -1 ? [] : parts.slice(firstPackage)
  for (const part of named) {
    if (metaPackages.has(part)) {
      throw new InvalidName(`'${part}' is a meta-package: it comes first, as in '${part}/${named[0]}'`)
    }
  }
  if (meta.has('arm64') && meta.has('amd64')) {
    throw new InvalidName("an image is for one architecture: name either 'arm64' or 'amd64'")
  }
  const shell = meta.has('shell')
  const packages = new Set([...named, ...(shell ? shellPackages : []), ...alwaysIn])
  return {
    name,
    packages: [...packages].toSorted(),
    shell,
    ...(meta.has('arm64') ? { architecture: 'arm64' } : meta.has('amd64') ? { architecture: 'amd64' } : {}),
  }
}

/** The same name for all names that ask for the same image: `shell/git` for `shell/git/cacert/git`. */
export function canonicalName({ packages, shell }: Pick<ImageRequest, 'packages' | 'shell'>): string {
  const implied = new Set([...alwaysIn, ...(shell ? shellPackages : [])])
  const named = packages.filter((name) => !implied.has(name))
  return [...(shell ? ['shell'] : []), ...(named.length > 0 || shell ? named : packages)].join('/')
}

/** The packages that were asked for, without those in every image. */
export function namedPackages({ packages }: Pick<ImageRequest, 'packages'>): readonly string[] {
  return packages.filter((name) => !alwaysIn.includes(name))
}

/**
 * Packages that nobody asked for, and that an image goes without if the package set lacks them. None if the
 * name asks for nothing else: an image has at least one package.
 */
export function optionalPackages(request: Pick<ImageRequest, 'packages'>): readonly string[] {
  return namedPackages(request).length > 0 ? alwaysIn : []
}

function split(name: string): readonly string[] {
  if (name.length > longestName) {
    throw new InvalidName(`the name has ${name.length} characters: at most ${longestName} are allowed`)
  }
  const parts = name.split('/')
  if (parts.length > mostComponents) {
    throw new InvalidName(`the name has ${parts.length} components: at most ${mostComponents} are allowed`)
  }
  for (const part of parts) if (!component.test(part)) throw new InvalidName(ruleBrokenBy(part))
  return parts
}

function ruleBrokenBy(part: string): string {
  if (part === '')
    return "the name has an empty component: packages are joined by single slashes, as in 'shell/git'"
  const shown = JSON.stringify(part)
  if (/[A-Z]/.test(part)) {
    return `${shown} has capitals: names are lower-case (attributes are found whatever their case)`
  }
  const odd = /[^a-z0-9._-]/.exec(part)
  if (odd)
    return `${shown} has the character ${JSON.stringify(odd[0])}: only a-z, 0-9, '.', '_' and '-' are allowed`
  return `${shown} is not a name: '.', '_', '__' and '-' may only stand between letters or digits`
}
