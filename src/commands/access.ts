import { parseArgs } from 'node:util'
import { accessJsonSchema } from '../access/accessSchema.ts'
import { anonymous, nameOf, type Claims, type Identity } from '../access/identity.ts'
import { decide, dependsOnEvaluation } from '../access/policy.ts'
import { readPolicy } from '../access/policyFile.ts'
import { readConfig } from '../config/config.ts'
import { UsageError } from '../errors.ts'
import { namedPackages, parseImageName } from '../image/name.ts'

const usage =
  "access takes check WHO NAME[:TAG] [--claim NAME=VALUE], or schema; WHO is 'anonymous', 'user:NAME', 'robot:NAME' or 'ISSUER:SUBJECT'"

/**
 * `access check WHO NAME[:TAG]`: says what the rules of `NIXERY_ACCESS` decide, and which rule does. `access
 * schema`: prints the JSON schema of the access file.
 * @throws UsageError, ConfigError, AccessFileError, InvalidName
 */
export async function accessCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { claim: { type: 'string', multiple: true, default: [] } },
  })
  const [verb, who, image, ...rest] = positionals
  if (verb === 'schema' && who === undefined) return `${JSON.stringify(accessJsonSchema(), null, 2)}\n`
  if (verb !== 'check' || who === undefined || image === undefined || rest.length > 0)
    throw new UsageError(usage)
  return check(who, image, values.claim)
}

async function check(who: string, image: string, claims: readonly string[]): Promise<string> {
  const { access, platforms } = readConfig()
  if (access.file === undefined) return 'NIXERY_ACCESS is not set: everybody may pull everything.\n'
  const policy = await readPolicy(access.file)
  const identity = identityOf(who, claims)
  const [name = '', tag = 'latest'] = image.split(':')
  const request = parseImageName(name)
  const named = namedPackages(request)
  const packages = named.length > 0 ? named : request.packages
  const lines = (request.architecture ? [request.architecture] : platforms).map((architecture) => {
    const decision = decide(policy, identity, { packages, tag, architecture })
    const verdict = decision.allowed ? 'may pull' : 'may not pull'
    const why = decision.allowed ? '' : `\n  the client reads: ${decision.message}`
    return `${nameOf(identity)} ${verdict} ${name}:${tag} for linux/${architecture}: ${decision.rule} decides${why}`
  })
  const closed =
    identity.kind === 'anonymous' && !policy.anonymous
      ? ["but anonymous clients get no token at all: the access file has no 'anonymous: true'"]
      : []
  const later = dependsOnEvaluation(policy)
    ? [
        'Rules about licences and revisions, and other names of a program, count when the packages are evaluated.',
      ]
    : []
  return `${[...lines, ...closed, ...later].join('\n')}\n`
}

function identityOf(who: string, given: readonly string[]): Identity {
  if (who === 'anonymous') return anonymous
  const at = who.indexOf(':')
  const [kind, name] = [who.slice(0, at), who.slice(at + 1)]
  if (at <= 0 || name === '') throw new UsageError(usage)
  if (kind === 'user' || kind === 'robot') return { kind, name }
  return { kind: 'oidc', issuer: kind, subject: name, claims: { ...claimsOf(given), sub: name } }
}

/** A claim that is given several times is a list. */
function claimsOf(given: readonly string[]): Claims {
  const pairs = given.map((text) => {
    const at = text.indexOf('=')
    if (at <= 0) throw new UsageError(`--claim takes NAME=VALUE (it is '${text}')`)
    return [text.slice(0, at), text.slice(at + 1)] as const
  })
  const groups = Map.groupBy(pairs, ([name]) => name)
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.map(([, value]) => value)]))
}
