import type { Nix } from '../nix/nix.ts'
import type { PackageSource } from '../sources/source.ts'
import type { System } from '../store/system.ts'
import type { RunOptions } from '../work/events.ts'

interface CheckedParts {
  readonly source: PackageSource
  readonly nix: Pick<Nix, 'inspect' | 'walls'>
  readonly system: System
}

/**
 * Looks whether `latest` can be fetched and evaluated, and logs what an operator should know: what keeps the
 * package set away from the machine, and variables that do not reach it. A warm evaluator has the set
 * afterwards.
 * @throws PackageSetFailed; what the source throws; NixFailed
 */
export async function checkPackageSet({ source, nix, system }: CheckedParts, run: RunOptions): Promise<void> {
  const log = (line: string) => run.onEvent({ kind: 'log', line })
  await source.check(run)
  const revision = await source.pin('latest', run)
  const { location } = await source.fetch(revision, run)
  const walls = await nix.walls()
  const standing = walls.filter(({ stands }) => stands).map(({ name }) => name)
  log(`package sets are evaluated behind these walls: ${standing.join(', ')}`)
  for (const { name, stands, why } of walls) {
    if (!stands) log(`evaluations run without the wall '${name}': ${why ?? 'this machine does not have it'}`)
  }
  const { warnings } = await nix.inspect(
    { revision: revision.id, trusted: revision.trusted, location, system },
    run,
  )
  warnings.forEach(log)
}
