import { describeNix } from '../nix/describeNix.ts'
import type { ChecksReadiness, Nix } from '../nix/nix.ts'
import type { PackageSource } from '../sources/source.ts'
import type { System } from '../store/system.ts'
import type { RunOptions } from '../work/events.ts'

interface CheckedParts {
  readonly source: PackageSource
  readonly nix: Pick<Nix, 'inspect' | 'walls'> & ChecksReadiness
  /** See `builderSettings`. */
  readonly buildsWarning: string | undefined
  readonly system: System
}

/**
 * Looks whether `latest` can be fetched and evaluated, and logs what an operator should know: what Nix can do
 * here, walls that are missing, and variables that do not reach the package set. A warm evaluator has the set
 * afterwards.
 * @throws PackageSetFailed; what the source throws; NixFailed
 */
export async function checkPackageSet(
  { source, nix, buildsWarning, system }: CheckedParts,
  run: RunOptions,
): Promise<void> {
  const log = (line: string) => run.onEvent({ kind: 'log', line })
  await source.check(run)
  const revision = await source.pin('latest', run)
  const { location } = await source.fetch(revision, run)
  log(await describeNix(nix, buildsWarning))
  for (const { name, stands, why } of await nix.walls()) {
    if (!stands) log(`evaluations run without the wall '${name}': ${why ?? 'this machine does not have it'}`)
  }
  const { warnings } = await nix.inspect(
    { revision: revision.id, trusted: revision.trusted, location, system },
    run,
  )
  warnings.forEach(log)
}
