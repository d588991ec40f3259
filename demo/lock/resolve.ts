import { type Archive, type ArchivePackage, names } from './archive.ts'
import type { Wishes } from './wishes.ts'

/** Packages by name, with the names of those that each depends on. */
export type Dependencies = ReadonlyMap<
  string,
  { readonly package: ArchivePackage; readonly on: readonly string[] }
>

/**
 * All packages that `wanted` need, through Depends and Pre-Depends. Of alternatives the first that is chosen
 * already, then the first that exists, then a provider.
 * @throws Error when a wanted package does not exist or a dependency cannot be met.
 */
export function resolve(archive: Archive, wishes: Wishes, wanted: readonly string[]): Dependencies {
  const dropped = new Set(wishes.drop)
  const chosen = new Set(wanted)
  const resolved = new Map<string, { package: ArchivePackage; on: readonly string[] }>()

  function choose(clause: string): string | undefined {
    const alternatives = clause.split('|').flatMap(names)
    if (alternatives.some((name) => dropped.has(name))) return undefined
    const providers = alternatives.flatMap((name) => archive.providers(name))
    const choice =
      alternatives.find((name) => chosen.has(name)) ??
      alternatives.find((name) => archive.get(name)) ??
      providers.find((name) => chosen.has(name)) ??
      providers.find((name) => !dropped.has(name))
    if (choice === undefined) throw new Error(`nothing satisfies '${clause.trim()}'`)
    return choice
  }

  const pending = [...wanted]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (resolved.has(name)) continue
    const found = archive.get(name)
    if (!found) throw new Error(`Debian's main has no package '${name}'`)
    const clauses = [found.field('Pre-Depends'), found.field('Depends'), ...(wishes.add[name] ?? [])]
      .join(',')
      .split(',')
    const on = new Set(
      clauses.filter((clause) => clause.trim() !== '').flatMap((clause) => choose(clause) ?? []),
    )
    resolved.set(name, { package: found, on: [...on].toSorted() })
    for (const dependency of on) {
      chosen.add(dependency)
      pending.push(dependency)
    }
  }
  return resolved
}
