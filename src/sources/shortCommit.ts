import { UnknownTag } from '../errors.ts'

/** Commits that are named when several begin alike. */
const shown = 5

/**
 * The commit that the digits stand for. The searches are tried one after the other: one that finds any commit
 * is the last.
 * @param unknown thrown if no commit begins with the digits
 * @throws UnknownTag if several do; it names them
 */
export async function completeCommit(
  digits: string,
  unknown: UnknownTag,
  searches: readonly ((digits: string) => Promise<readonly string[]>)[],
): Promise<string> {
  for (const search of searches) {
    const [commit, ...others] = await search(digits)
    if (commit === undefined) continue
    if (others.length === 0) return commit
    const choices = [commit, ...others].slice(0, shown).join(', ')
    throw new UnknownTag(
      `${others.length + 1} commits begin with '${digits}'; name one by its 40 digits: ${choices}`,
    )
  }
  throw new UnknownTag(`${unknown.message}, and no commit known here begins so: name it by its 40 digits`, {
    cause: unknown,
  })
}
