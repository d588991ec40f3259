import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Archive,
  debianLists,
  names,
  type ArchivePackage,
  type PackageList,
} from '../../demo/lock/archive.ts'
import { components } from '../../demo/lock/cycles.ts'
import { architectureOf, machineSystem } from '../../demo/lock/debian.ts'
import { foreignLists } from '../../demo/lock/foreignLists.ts'
import type { StorePath } from '../../src/store/storePath.ts'
import { pathFor, type PackageGraph } from './packageGraph.ts'

/** What images are drawn from: sections of programs rather than of libraries, data and documentation. */
const sections = new Set(
  'admin utils net devel editors shells web database interpreters python vcs text misc science sound video'.split(
    ' ',
  ),
)
const base = ['ca-certificates', 'netbase']
const shell = ['bash', 'coreutils', 'moreutils', 'nano']

/** All of Debian's main as apt's lists on this machine have it. @throws Error when apt has none */
export function debianGraph(): PackageGraph {
  return graphOf(debianLists(architectureOf(machineSystem)))
}

/**
 * Another release, whose lists are downloaded into a folder that is gone afterwards. @throws Error when apt
 * fails
 */
export function otherDebianGraph(suite: string): PackageGraph {
  const architecture = architectureOf(machineSystem)
  const [list] = debianLists(architecture)
  if (!list) throw new Error('apt has no package lists')
  const state = mkdtempSync(join(tmpdir(), 'nixery-bench-'))
  try {
    return graphOf(foreignLists(architecture, [{ ...list, suite }], state))
  } finally {
    rmSync(state, { recursive: true })
  }
}

/** Packages that need each other are one node. Sizes are installed sizes. */
function graphOf(lists: readonly PackageList[]): PackageGraph {
  const archive = Archive.read(lists)
  const packages = new Map([...archive.all()].map((one) => [one.name, one]))
  const references = new Map([...packages.values()].map((one) => [one.name, dependenciesOf(one, archive)]))
  const groups = components(references)
  const nodeOf = new Map<string, StorePath>()
  for (const group of groups) {
    const [name = ''] = group
    const path = pathFor(name, packages.get(name)?.version ?? '0')
    for (const member of group) nodeOf.set(member, path)
  }
  const pathsOf = (wanted: readonly string[]) => [
    ...new Set(wanted.flatMap((name) => nodeOf.get(name) ?? [])),
  ]
  const nodes = groups.map((group) => {
    const [path] = pathsOf(group)
    if (path === undefined) throw new Error('a group without a path')
    const size = group.reduce(
      (sum, name) => sum + 1024 * Number(packages.get(name)?.field('Installed-Size')),
      0,
    )
    const targets = pathsOf(group.flatMap((name) => references.get(name) ?? []))
    return { path, size, references: targets.filter((target) => target !== path) }
  })
  const programs = [...packages.values()].filter(({ field }) =>
    sections.has(field('Section').replace(/.*\//, '')),
  )
  return {
    origin: `Debian's main, ${[...new Set(lists.map(({ suite }) => suite))].join(', ')}`,
    nodes,
    base: pathsOf(base),
    shell: pathsOf(shell),
    programs: pathsOf(programs.map(({ name }) => name)),
  }
}

/** Of alternatives the first that exists, else the first provider; what nothing satisfies is left out. */
function dependenciesOf({ field }: ArchivePackage, archive: Archive): readonly string[] {
  const clauses = [field('Pre-Depends'), field('Depends')].join(',').split(',')
  const chosen = clauses.flatMap((clause) => {
    const alternatives = clause.split('|').flatMap(names)
    return (
      alternatives.find((name) => archive.get(name)) ??
      alternatives.flatMap((name) => archive.providers(name))[0] ??
      []
    )
  })
  return [...new Set(chosen)]
}
