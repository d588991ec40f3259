import { execFileSync } from 'node:child_process'
import { compareVersions } from './compareVersions.ts'

/** Labels of the archives that are Debian's own, as their Release files give them. */
const debianLabels = ['Debian', 'Debian-Security']

/** One `Packages` list that apt holds. */
export interface PackageList {
  readonly label: string
  readonly file: string
  /** Where paths such as `pool/main/…` begin; ends with a slash. */
  readonly base: string
  readonly suite: string
}

/** One version of a package, as its archive describes it. */
export interface ArchivePackage {
  readonly name: string
  readonly version: string
  /** Label of the archive that has it. */
  readonly archive: string
  readonly field: (name: string) => string
}

/**
 * The lists of Debian's own `main`, whatever other archives the machine uses too.
 * `options` are apt's, such as `-o APT::Architecture=arm64`.
 * @throws Error when apt holds none.
 */
export function debianLists(architecture: string, options: readonly string[] = []): readonly PackageList[] {
  const format = '$(LABEL)\t$(FILENAME)\t$(REPO_URI)\t$(RELEASE)\t$(ORIGIN)\t$(COMPONENT)\t$(ARCHITECTURE)'
  const lines = apt('apt-get', [...options, 'indextargets', '--format', format, 'Created-By: Packages'])
  const lists = lines
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([label = '', , , , origin, component, of]) => {
      return (
        debianLabels.includes(label) && origin === 'Debian' && component === 'main' && of === architecture
      )
    })
    .map(([label = '', file = '', base = '', suite = '']) => ({ label, file, base, suite }))
  if (lists.length === 0) {
    throw new Error(
      `apt has no package lists of Debian's own archive for ${architecture}: run 'apt-get update' first`,
    )
  }
  return lists
}

/** Debian's packages by name, each in its newest version. */
export class Archive {
  readonly #newest = new Map<string, ArchivePackage>()
  readonly #providers = new Map<string, string[]>()

  /**
   * Lists are read in the order of their labels, so that a version both archives have is taken from `Debian`.
   */
  static read(lists: readonly PackageList[]): Archive {
    const archive = new Archive()
    for (const { label, file } of lists.toSorted(
      (a, b) => debianLabels.indexOf(a.label) - debianLabels.indexOf(b.label),
    )) {
      for (const stanza of apt('/usr/lib/apt/apt-helper', ['cat-file', file]).split('\n\n')) {
        archive.#add(label, stanza)
      }
    }
    for (const { name, field } of archive.#newest.values()) {
      for (const provided of names(field('Provides'))) {
        archive.#providers.set(provided, [...(archive.#providers.get(provided) ?? []), name].toSorted())
      }
    }
    return archive
  }

  get(name: string): ArchivePackage | undefined {
    return this.#newest.get(name)
  }

  all(): Iterable<ArchivePackage> {
    return this.#newest.values()
  }

  /** Names of the packages that provide a virtual one, sorted. */
  providers(name: string): readonly string[] {
    return this.#providers.get(name) ?? []
  }

  #add(label: string, stanza: string): void {
    const field = (name: string) => fieldOf(stanza, name)
    const [name, version] = [field('Package'), field('Version')]
    if (name === '') return
    const known = this.#newest.get(name)
    if (known !== undefined && compareVersions(known.version, version) >= 0) return
    this.#newest.set(name, { name, version, archive: label, field })
  }
}

function fieldOf(stanza: string, name: string): string {
  const key = `${name}: `
  const start = stanza.startsWith(key) ? 0 : stanza.indexOf(`\n${key}`) + 1
  if (start === 0 && !stanza.startsWith(key)) return ''
  const end = stanza.indexOf('\n', start)
  return stanza.slice(start + key.length, end < 0 ? undefined : end)
}

/** `libc6 (>= 2.34), perl:any` -> `['libc6', 'perl']`; clauses with `|` count as one each. */
export function names(relation: string): readonly string[] {
  return relation
    .split(',')
    .map((clause) => clause.trim().replace(/[\s(:[].*/, ''))
    .filter((name) => name !== '')
}

/** Runs one of apt's programs and returns what it prints. */
export function apt(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
