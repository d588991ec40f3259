import type { BuilderFacts } from './builderFacts.ts'
import type { NixError } from './nixLog.ts'

/** What Nix is told about its builders, by the server and for the server alone. */
interface BuilderSettings {
  /** Set on top of the server's environment for all that Nix runs. */
  readonly env: Readonly<Record<string, string>>
  /** A sentence for the operator, if builders get more rights than they should, or cannot run at all. */
  readonly warning?: string
}

const noBuilders = `Nix runs as root, and there are no users that its builders could run as, so nothing can be built. \
Packages of binary caches can be served. Add a group 'nixbld' with users in it, or use Nix 2.18 or newer.`

const rootBuilders = `Nix' builders run as root, because NIX_CONFIG has 'build-users-group ='. \
Remove that line unless you trust every package set that is served.`

/**
 * Builders of a real package set run in a sandbox and as other users than root, or not at all. Without a
 * group of build users, Nix takes user ids that nobody has, if it can (2.12). Only the demo set's builders,
 * which are part of this project, run without a sandbox.
 * @param own the operator's NIX_CONFIG. It comes last, so it wins
 */
export function builderSettings(facts: BuilderFacts, own = ''): BuilderSettings {
  const { lines, features = [], warning } = facts.demo ? ofDemo(facts) : ofRealSet(facts, own)
  const all = [...lines, ...(own === '' ? [] : [own]), ...features]
  return {
    env: all.length > 0 ? { NIX_CONFIG: all.join('\n') } : {},
    ...(warning === undefined ? {} : { warning }),
  }
}

interface Told {
  readonly lines: readonly string[]
  /** Lines that only add, and so may come after the operator's. */
  readonly features?: readonly string[]
  readonly warning?: string
}

/** No binary cache has the demo set's packages. */
function ofDemo({ root, groups }: BuilderFacts): Told {
  const users = root && !groups.has('nixbld') ? ['build-users-group ='] : []
  return { lines: ['sandbox = false', 'substitute = false', ...users] }
}

function ofRealSet(facts: BuilderFacts, own: string): Told {
  if (facts.daemon) return { lines: [] }
  const { lines, ...others } = usersOf(facts, own)
  const shell = facts.sandboxPaths === undefined ? [] : [`sandbox-paths = ${facts.sandboxPaths}`]
  return { ...others, lines: ['sandbox-fallback = false', ...shell, ...lines] }
}

function usersOf({ root, groups, settings }: BuilderFacts, own: string): Told {
  const group = settings.get('build-users-group') ?? 'nixbld'
  const allocates = settings.get('auto-allocate-uids')
  if (!root || allocates === 'true' || groups.has(group)) return { lines: [] }
  if (/^\s*build-users-group\s*=/m.test(own)) {
    return group === '' ? { lines: [], warning: rootBuilders } : { lines: [], warning: noBuilders }
  }
  // Nix itself refuses to build for a group that does not exist.
  if (allocates === undefined) return { lines: ['build-users-group = nixbld'], warning: noBuilders }
  return {
    // The ids are mapped by the sandbox's user namespace; no group is needed for that.
    lines: ['build-users-group =', 'auto-allocate-uids = true', 'sandbox = true'],
    features: ['extra-experimental-features = auto-allocate-uids'],
  }
}

/** What Nix says where it may not build because of these settings. */
const refusals = [
  /the group '.*' specified in 'build-users-group' does not exist/,
  /does not support the kernel namespaces that are required for sandboxing/,
]

/** Why builders were refused and what an operator can do; undefined if something else went wrong. */
export function refusedBuilders(errors: readonly NixError[]): string | undefined {
  const words = errors.find(({ text }) => refusals.some((refusal) => refusal.test(text)))?.text
  if (words === undefined) return undefined
  return (
    `Nix builds packages of this set only in a sandbox and as users of their own, and this machine lacks that (Nix: ${words}). ` +
    `Packages of binary caches are not built. To allow builds, add a group 'nixbld' with users in it, or let Nix 2.18 or newer ` +
    `make user namespaces (as root in a container: CAP_SYS_ADMIN). Or let builders run as root and without a sandbox, by two ` +
    `lines in NIX_CONFIG (of the daemon, if there is one): 'build-users-group =' and 'sandbox = false'.`
  )
}
