import { PackagesNotFound } from '../errors.ts'
import { isImplied, type ImageRequest } from '../image/name.ts'
import type { EvaluationQuery, Nix } from '../nix/nix.ts'
import type { Package } from '../store/package.ts'
import type { RunOptions } from '../work/events.ts'

/**
 * Evaluates attributes for a request. Packages that every image has are left out, with a line in the log, if
 * the package set lacks them.
 * @throws as `Nix.evaluate`; PackagesNotFound names only what was asked for
 */
export async function evaluateRequest(
  nix: Pick<Nix, 'evaluate'>,
  request: Pick<ImageRequest, 'name'>,
  query: EvaluationQuery,
  run: RunOptions,
): Promise<readonly Package[]> {
  try {
    return await nix.evaluate(query, run)
  } catch (error) {
    if (!(error instanceof PackagesNotFound)) throw error
    const [implied, wanted] = partition(error.packages, ({ attribute }) => isImplied(request, attribute))
    if (wanted.length > 0) throw new PackagesNotFound(wanted)
    const lacking = new Set(implied.map(({ attribute }) => attribute))
    run.onEvent({
      kind: 'log',
      line: `the package set lacks ${[...lacking].join(', ')}: the image is made without`,
    })
    const attributes = query.attributes.filter((attribute) => !lacking.has(attribute))
    return nix.evaluate({ ...query, attributes }, run)
  }
}

function partition<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))]
}
