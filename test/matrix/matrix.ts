import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import PQueue from 'p-queue'
import type { Client } from './client.ts'
import { errorCases, runErrorCase, type ErrorResult } from './errorCases.ts'
import { clientRoot, qemu } from './folders.js'
import type { MatrixRow } from './kinds.ts'
import { reasonIsLost } from './limits.ts'
import { Machine } from './machine.ts'
import { pullCases, type PullCase, type Result } from './pullCases.ts'
import type { Servers } from './servers.ts'

/** What one client did, in the order of the cases. */
export interface RowResult {
  readonly row: MatrixRow
  readonly version: string
  readonly pulls: readonly Result[]
  readonly errors: readonly ErrorResult[]
}

/**
 * Clients that pull at once, and clients that are told of errors, which mostly wait before they try again.
 */
const pulling = 2
const failing = 12

/** Runs every case with every client. @param onResult told of each result as it comes */
export async function runMatrix(
  rows: readonly MatrixRow[],
  servers: Servers,
  onResult: (row: MatrixRow, title: string, result: Result) => void,
): Promise<readonly RowResult[]> {
  const pulls = new PQueue({ concurrency: pulling })
  const errors = new PQueue({ concurrency: failing })
  return Promise.all(
    rows.map(async (row) => {
      const told = <R extends Result>(title: string, result: R): R => {
        onResult(row, title, result)
        return result
      }
      const [pulled, failed] = await Promise.all([
        pulls.add(() => runPulls(row, servers.working, told)),
        errors.add(() => runErrors(row, servers, told)),
      ])
      return { row, version: failed.version, pulls: pulled, errors: failed.results }
    }),
  )
}

type Tell = <R extends Result>(title: string, result: R) => R

async function runPulls(row: MatrixRow, server: string, told: Tell): Promise<readonly Result[]> {
  const run = async (cases: readonly PullCase[]) =>
    withClient(row, async (client) => {
      const results: [PullCase, Result][] = []
      for (const one of cases) results.push([one, told(one.title, await one.run(client, server))])
      return results
    })
  const shared = await run(pullCases.filter(({ fresh }) => !fresh))
  const results = new Map(shared)
  for (const one of pullCases.filter(({ fresh }) => fresh))
    for (const [of, result] of await run([one])) results.set(of, result)
  return pullCases.map((one) => results.get(one) ?? { cell: '', fault: 'did not run' })
}

function runErrors(row: MatrixRow, servers: Servers, told: Tell) {
  return withClient(row, async (client, machine) => ({
    version: await versionOf(row, machine),
    results: await Promise.all(
      errorCases.map(async (one) =>
        told(one.title, await runErrorCase(one, client, servers, reasonIsLost(row.kind.name, one.title))),
      ),
    ),
  }))
}

/** Starts a client on a machine of its own. */
async function withClient<T>(
  { suite, kind }: MatrixRow,
  use: (client: Client, machine: Machine) => Promise<T>,
): Promise<T> {
  const machine = await Machine.start(clientRoot(suite.name))
  try {
    const shared = join(machine.folder, 'shared')
    mkdirSync(shared)
    if (existsSync(qemu)) copyFileSync(qemu, join(shared, 'qemu'))
    return await use(await kind.start(machine), machine)
  } finally {
    await machine.stop()
  }
}

/** The version that its makers gave it: `1.9.3` for Debian's `1.9.3+ds1-1+b10`. */
async function versionOf({ kind }: MatrixRow, machine: Machine): Promise<string> {
  const { stdout } = await machine.run('dpkg-query', ['--show', '--showformat=${Version}', kind.package])
  return /^(?:\d+:)?([\d.]+)/.exec(stdout)?.[1] ?? stdout
}
