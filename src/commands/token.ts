import { parseArgs } from 'node:util'
import { RobotTokens } from '../access/robotTokens.ts'
import { openStorage } from '../app.ts'
import { readConfig } from '../config/config.ts'
import { duration } from '../config/rules.ts'
import { UsageError } from '../errors.ts'
import { alignTable } from './table.ts'

const usage = 'token takes create NAME [--expires DURATION], list, or revoke ID'

/** Rules name a robot by it, and it is shown in logs. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,126}$/

/**
 * `token create NAME [--expires DURATION]`, `token list`, `token revoke ID`: tokens of robots, in the
 * server's storage. @throws UsageError, ConfigError, StorageFailed
 */
export async function tokenCommand(args: readonly string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { expires: { type: 'string' } },
  })
  const [verb, argument, ...rest] = positionals
  const takesArgument = verb === 'create' || verb === 'revoke'
  if (rest.length > 0 || takesArgument !== (argument !== undefined)) throw new UsageError(usage)
  if (values.expires !== undefined && verb !== 'create') throw new UsageError(usage)
  if (verb === 'create') return create(argument ?? '', values.expires)
  if (verb === 'list') return withTokens(list)
  if (verb === 'revoke') return withTokens((tokens) => revoke(tokens, argument ?? ''))
  throw new UsageError(usage)
}

async function withTokens(work: (tokens: RobotTokens) => Promise<string>): Promise<string> {
  await using storage = await openStorage(readConfig())
  return await work(new RobotTokens(storage))
}

async function create(name: string, expires: string | undefined): Promise<string> {
  if (!namePattern.test(name))
    throw new UsageError(`'${name}' is no name for a robot: letters, digits, '.', '_', '-' and '/'`)
  const lifetime = expires === undefined ? undefined : duration(60).safeParse(expires)
  if (lifetime?.success === false)
    throw new UsageError(`--expires ${lifetime.error.issues[0]?.message ?? 'is wrong'} (it is '${expires}')`)
  return withTokens(async (tokens) => {
    const { id, token } = await tokens.create(name, lifetime?.data)
    return `${token}\nThis is the token ${id} of the robot '${name}'. It is not shown again. Use it as the password, with any user name.\n`
  })
}

async function list(tokens: RobotTokens): Promise<string> {
  const rows = (await tokens.list()).map(({ id, name, created, expires }) => [
    id,
    name,
    day(created),
    expires === undefined ? 'never' : `${day(expires)}${expires <= Date.now() ? ' (expired)' : ''}`,
  ])
  if (rows.length === 0) return 'There are no tokens.\n'
  return `${alignTable([['ID', 'NAME', 'CREATED', 'EXPIRES'], ...rows], new Set())}\n`
}

async function revoke(tokens: RobotTokens, id: string): Promise<string> {
  if (!(await tokens.revoke(id))) throw new UsageError(`there is no token '${id}': see nixery token list`)
  return `The token ${id} is revoked. Servers that have seen it refuse it after ten seconds at the latest.\n`
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
