import type { ChecksReadiness, Evaluator } from './nix.ts'

/**
 * What an operator wants to know of Nix on this machine: its version, who it runs as, what keeps package sets
 * away from the machine, and whether packages can be built. One line. @throws NixFailed
 * @param buildsWarning see `builderSettings`
 */
export async function describeNix(
  nix: ChecksReadiness & Pick<Evaluator, 'walls'>,
  buildsWarning: string | undefined,
): Promise<string> {
  const [{ version }, walls] = await Promise.all([nix.ready(), nix.walls()])
  const uid = process.getuid?.()
  const who = uid === 0 ? 'root' : `user ${uid ?? 'unknown'}`
  const standing = walls.filter(({ stands }) => stands).map(({ name }) => name)
  const builds = buildsWarning ?? 'Packages can be built.'
  return `Nix ${version}, run by ${who}. Package sets are evaluated behind: ${standing.join(', ')}. ${builds}`
}
