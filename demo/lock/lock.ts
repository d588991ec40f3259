import { basename } from 'node:path'
import type { Archive, ArchivePackage } from './archive.ts'
import { components } from './cycles.ts'
import { type Dependencies, resolve } from './resolve.ts'
import type { Wishes } from './wishes.ts'

/**
 * A `.deb`. `path` is relative to the base of the archive that `archive` labels; `sha256` is hex, `size` in
 * bytes.
 */
export interface LockedPackage {
  readonly name: string
  readonly version: string
  readonly archive: string
  readonly path: string
  /** Its name in the store. */
  readonly file: string
  readonly sha256: string
  readonly size: number
}

/** Packages that become one store path. */
export interface Unit {
  readonly version: string
  readonly description: string
  readonly homepage: string
  readonly outputs: readonly string[]
  readonly packages: readonly LockedPackage[]
  /** Units that this one needs directly. */
  readonly requires: readonly string[]
}

export interface LockedAttribute {
  readonly unit: string
  readonly license: string
  readonly mainProgram: string
  readonly big: boolean
}

/** All that the Nix expressions know of Debian; a function of the package lists and the wishes alone. */
export interface Lock {
  readonly system: string
  readonly units: Readonly<Record<string, Unit>>
  readonly attributes: Readonly<Record<string, LockedAttribute>>
}

/** The unit whose `sh` runs scripts. */
const shell = 'bash'

export function makeLock(archive: Archive, wishes: Wishes, system: string): Lock {
  const attributes = Object.entries(wishes.attributes).filter(
    ([, wish]) => wish.arm64 || system === 'x86_64-linux',
  )
  const wanted = attributes.flatMap(([, wish]) => packagesOf(wish.package, wishes))
  const dependencies = resolve(archive, wishes, [...new Set([...wanted, shell])].toSorted())
  const unitOf = assignUnits(dependencies, wishes)
  const requires = unitGraph(dependencies, unitOf)
  const underShell = closure(requires, shell)

  const units: Record<string, Unit> = {}
  for (const name of [...requires.keys()].toSorted()) {
    const direct = requires.get(name) ?? []
    const members = [...dependencies.values()].filter((member) => unitOf(member.package.name) === name)
    const main = dependencies.get(wishes.units[name]?.[0] ?? name) ?? members[0]
    if (!main) throw new Error(`the unit '${name}' has no packages`)
    units[name] = {
      version: upstreamVersion(main.package.version),
      description: main.package.field('Description'),
      homepage: main.package.field('Homepage'),
      outputs: ['out', ...(wishes.outputs[name] ?? [])],
      packages: members
        .map((member) => lockPackage(member.package))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      requires: underShell.has(name) ? direct : [...new Set([...direct, shell])].toSorted(),
    }
  }
  return {
    system,
    units,
    attributes: Object.fromEntries(
      attributes.map(([attribute, { package: name, license = '', mainProgram = '', big = false }]) => {
        return [attribute, { unit: wishes.units[name] ? name : unitOf(name), license, mainProgram, big }]
      }),
    ),
  }
}

/** A wish names a package, or a unit and with it the packages that the unit names in full. */
function packagesOf(name: string, wishes: Wishes): readonly string[] {
  return (wishes.units[name] ?? [name]).filter((pattern) => !pattern.includes('*'))
}

/** A pattern is a name in which one `*` may stand for anything. */
function matches(pattern: string, name: string): boolean {
  const [start = '', ...rest] = pattern.split('*')
  const end = rest.at(-1)
  return end === undefined ? name === pattern : name.startsWith(start) && name.endsWith(end)
}

/** Units as wished for; what is left in a cycle becomes one unit, for Nix has no cycles. */
function assignUnits(dependencies: Dependencies, wishes: Wishes): (name: string) => string {
  const wished = new Map(
    [...dependencies.keys()].map((name) => {
      const unit = Object.entries(wishes.units).find(([, patterns]) => patterns.some((p) => matches(p, name)))
      return [name, unit?.[0] ?? name]
    }),
  )
  const merged = new Map<string, string>()
  for (const component of components(unitGraph(dependencies, (name) => wished.get(name) ?? name))) {
    const name = component.find((unit) => wishes.units[unit]) ?? component[0] ?? ''
    for (const unit of component) merged.set(unit, name)
  }
  return (name) => merged.get(wished.get(name) ?? name) ?? name
}

function unitGraph(
  dependencies: Dependencies,
  unitOf: (name: string) => string,
): Map<string, readonly string[]> {
  const graph = new Map<string, Set<string>>()
  for (const [name, { on }] of dependencies) {
    const edges = graph.get(unitOf(name)) ?? new Set()
    for (const other of on) edges.add(unitOf(other))
    edges.delete(unitOf(name))
    graph.set(unitOf(name), edges)
  }
  return new Map([...graph].map(([name, edges]) => [name, [...edges].toSorted()]))
}

function closure(graph: ReadonlyMap<string, readonly string[]>, root: string): ReadonlySet<string> {
  const reached = new Set([root])
  for (const name of reached) for (const next of graph.get(name) ?? []) reached.add(next)
  return reached
}

function lockPackage(found: ArchivePackage): LockedPackage {
  return {
    name: found.name,
    version: found.version,
    archive: found.archive,
    path: found.field('Filename'),
    file: basename(found.field('Filename')).replaceAll(/[^0-9A-Za-z+._-]/g, '-'),
    sha256: found.field('SHA256'),
    size: Number(found.field('Size')),
  }
}

/** `1:2.39.5-0+deb12u3` -> `2.39.5`, in characters that a store path may have. */
function upstreamVersion(version: string): string {
  return version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replaceAll(/[^0-9A-Za-z.+_-]/g, '-')
}
