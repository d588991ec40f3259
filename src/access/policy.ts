import type { Architecture } from '../oci/platform.ts'
import type { AccessDescription, RuleDescription, WhoDescription } from './accessSchema.ts'
import { matchesAny, matchesGlob } from './glob.ts'
import type { Identity } from './identity.ts'

/** What the evaluation found out about a package. */
interface PackageFacts {
  /** As asked for, such as `1password`. */
  readonly attribute: string
  /** Other names of it: as found in the set, such as `_1password`, and the name of the program. */
  readonly names: readonly string[]
  /** SPDX identifiers, or other names. Never empty: `unknown` if the package has none. */
  readonly licences: readonly string[]
}

/** What the evaluation found out. */
export interface Evaluated {
  readonly revision: string
  readonly packages: readonly PackageFacts[]
}

/** What somebody wants to pull. */
export interface Wanted {
  /** Attributes that the name asks for. */
  readonly packages: readonly string[]
  /** Undefined: some tag, whichever. Rules that deny single tags do not count then. */
  readonly tag: string | undefined
  readonly architecture: Architecture
  /** Undefined before the evaluation. What depends on it is not refused then. */
  readonly evaluated?: Evaluated | undefined
}

/** What the rules say, and which of them. */
export type Decision =
  | { readonly allowed: true; readonly rule: string }
  | { readonly allowed: false; readonly rule: string; readonly message: string }

/** The rules of an access file. */
type Rules = Pick<AccessDescription, 'default' | 'rules'>

/**
 * Decides each package by itself: the first rule that matches it counts. An image is allowed if all its
 * packages are. Otherwise the first package that is refused decides.
 */
export function decide(policy: Rules, identity: Identity, wanted: Wanted): Decision {
  const decisions = wanted.packages.map((attribute) => decidePackage(policy, identity, attribute, wanted))
  return decisions.find(({ allowed }) => !allowed) ?? decisions[0] ?? byDefault(policy, 'this image')
}

function decidePackage(policy: Rules, identity: Identity, attribute: string, wanted: Wanted): Decision {
  const facts = wanted.evaluated?.packages.find((one) => one.attribute === attribute)
  if (wanted.evaluated && !facts && dependsOnEvaluation(policy)) return unknownNow(attribute)
  const index = policy.rules.findIndex(
    (rule) =>
      rule.who.some((who) => isOneOf(who, identity)) &&
      matchesPackage(rule, attribute, facts) &&
      matchesTag(rule, wanted.tag) &&
      (!rule.platforms || rule.platforms.includes(`linux/${wanted.architecture}`)) &&
      matchesEvaluated(rule, facts, wanted.evaluated?.revision),
  )
  const rule = policy.rules[index]
  if (!rule) return byDefault(policy, `'${attribute}'`)
  const name = rule.name === undefined ? `rule ${index + 1}` : `rule ${index + 1} (${rule.name})`
  if (rule.action === 'allow') return { allowed: true, rule: name }
  const message = rule.message ?? `'${attribute}' is not allowed by the rules of this registry`
  return { allowed: false, rule: name, message }
}

/** Records of packages are kept for a time. Without them, a rule could be passed by. */
function unknownNow(attribute: string): Decision {
  const message = `what the rules need to know of '${attribute}' is not recorded any more: pull the image by its tag`
  return { allowed: false, rule: 'no rule', message }
}

function byDefault(policy: Rules, what: string): Decision {
  if (policy.default === 'allow') return { allowed: true, rule: 'the default' }
  return { allowed: false, rule: 'the default', message: `no rule of this registry allows ${what}` }
}

function isOneOf(who: WhoDescription, identity: Identity): boolean {
  if (typeof who === 'object') {
    if (identity.kind !== 'oidc' || identity.issuer !== who.issuer) return false
    return Object.entries(who.claims).every(([claim, wanted]) => {
      const has = Object.hasOwn(identity.claims, claim) ? identity.claims[claim] : undefined
      return listOf(has).some((value) => matchesAny(listOf(wanted), value))
    })
  }
  if (who === 'anyone') return true
  if (who === 'anonymous') return identity.kind === 'anonymous'
  if (who === 'authenticated') return identity.kind !== 'anonymous'
  const [kind, pattern] = splitOnce(who)
  if (identity.kind !== 'user' && identity.kind !== 'robot') return false
  return identity.kind === kind && matchesGlob(pattern, identity.name)
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf(':')
  return [text.slice(0, at), text.slice(at + 1)]
}

/**
 * Attributes are found whatever their case, so it does not count here either. A rule that denies also covers
 * what contains the name as a part: `ffmpeg.bin`, `pkgs.ffmpeg` and `pkgs.ffmpeg.bin` are all `ffmpeg`. A
 * rule that allows covers just what it names.
 */
function matchesPackage(
  { packages, action }: RuleDescription,
  attribute: string,
  facts: PackageFacts | undefined,
): boolean {
  if (!packages) return true
  const paths = [attribute, ...(facts?.names ?? [])].map((path) => path.toLowerCase())
  const names = action === 'allow' ? paths.slice(0, 2) : paths.flatMap(partsOf)
  return packages.some((pattern) => names.some((name) => matchesGlob(pattern.toLowerCase(), name)))
}

/**
 * A rule that allows has to match all licences of a package, one that denies any. Before the evaluation a
 * rule that allows may still match, and one that denies does not count yet.
 */
function matchesEvaluated(
  { licences, revisions, action }: RuleDescription,
  facts: PackageFacts | undefined,
  revision: string | undefined,
): boolean {
  if (!licences && !revisions) return true
  if (!facts || revision === undefined) return action === 'allow'
  const matches = (licence: string) =>
    licences?.some((pattern) => matchesGlob(pattern.toLowerCase(), licence.toLowerCase())) === true
  const byLicence =
    !licences || (action === 'allow' ? facts.licences.every(matches) : facts.licences.some(matches))
  return byLicence && (!revisions || matchesAny(revisions, revision))
}

/** Whether the rules can decide differently when a package is evaluated. */
export function dependsOnEvaluation({ rules }: Rules): boolean {
  return rules.some(
    ({ licences, revisions, packages, action }) => licences ?? revisions ?? (action === 'deny' && packages),
  )
}

/** `a.b.c`, `a.b`, `a`, `b.c`, `b`, `c`. */
function partsOf(path: string): readonly string[] {
  const words = path.split('.')
  return words.flatMap((_, from) =>
    words.slice(from).map((_, length) => words.slice(from, from + length + 1).join('.')),
  )
}

function matchesTag({ tags, action }: RuleDescription, tag: string | undefined): boolean {
  if (!tags) return true
  if (tag !== undefined) return matchesAny(tags, tag)
  return action === 'allow'
}
