import type { Client } from './client.ts'
import { passed, hostOf, type Result } from './pullCases.ts'
import { readableError } from './readableError.ts'
import type { Servers } from './servers.ts'

export interface ErrorCase {
  /** As the tables name it. */
  readonly title: string
  readonly image: string
  readonly server: Exclude<keyof Servers, 'stop'>
  /** What a client shows where the reason cannot reach its user. */
  readonly status: RegExp
  /** The words that a user needs in order to act. */
  readonly reason: RegExp
  /** For the page: what to do. */
  readonly advice: string
}

export const errorCases: readonly ErrorCase[] = [
  {
    title: 'bad name',
    status: /400/,
    server: 'working',
    image: 'git/shell',
    reason: /it comes first/,
    advice: 'Correct the name.',
  },
  {
    title: 'unknown package',
    status: /404|not found/,
    server: 'working',
    image: 'shell/gti',
    reason: /did you mean git/,
    advice: 'Correct the name. The message has the closest names of the package set.',
  },
  {
    title: 'unfree package',
    status: /403/,
    server: 'working',
    image: 'demo-unfree',
    reason: /unfree license/,
    advice: 'Choose another package, or ask the operator to set `NIXPKGS_ALLOW_UNFREE=1`.',
  },
  {
    title: 'failed build',
    status: /403/,
    server: 'working',
    image: 'demo-fails',
    reason: /the demo fails/,
    advice: 'Correct the package. Its whole log is on the server.',
  },
  {
    title: 'timed-out build',
    status: /403/,
    server: 'hasty',
    image: 'demo-hangs',
    reason: /timed out/,
    advice: 'Raise `NIX_TIMEOUT`, or correct the package.',
  },
  {
    title: 'full queue',
    status: /429/,
    server: 'full',
    image: 'hello',
    reason: /queue is full/,
    advice: 'Try again. If it happens often, raise `NIXERY_BUILDS` or `NIXERY_QUEUE`.',
  },
  {
    title: 'broken storage',
    status: /503/,
    server: 'broken',
    image: 'hello',
    reason: /storage does not work/,
    advice: 'The operator has to look at the storage. The server logs the whole error.',
  },
]

/** What the server answered to an error case. */
export interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
}

export interface ErrorResult extends Result {
  /** What the client printed, without what differs from run to run. */
  readonly text: string
}

/** Pulls what cannot be pulled. */
export async function runErrorCase(
  { image, server, status, reason }: ErrorCase,
  client: Client,
  servers: Servers,
  limit: boolean,
): Promise<ErrorResult> {
  const { code, stderr } = await client.pull(`${hostOf(servers[server])}/${image}:latest`)
  const text = readableError(stderr)
  if (code === 0) return { cell: '✖', fault: `pulled ${image}`, text }
  if (reason.test(text)) return { cell: passed, text }
  return limit && status.test(text)
    ? { cell: 'status', text }
    : { cell: '✖', fault: `no reason for ${image}: ${text}`, text }
}
