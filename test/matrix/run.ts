/** `npm run test:clients [-- WORD…]`: every client, or those whose suite or name has one of the words. */
import { clientsPage, clientTable } from './clientsPage.ts'
import { writePage } from './documents.ts'
import { errorCases, type Answer } from './errorCases.ts'
import { errorsPage } from './errorsPage.ts'
import { rows, type MatrixRow } from './kinds.ts'
import { removeLeftovers } from './machine.ts'
import { runMatrix } from './matrix.ts'
import { makePackageSet } from './packageSet.ts'
import { prebuilt } from './pullCases.ts'
import { readableError } from './readableError.ts'
import { startServers, type Servers } from './servers.ts'
import { fetchError } from '../support/registry.ts'

const words = process.argv.slice(2)
const nameOf = ({ suite, kind }: MatrixRow) => `${suite.name} ${kind.name}`
const chosen = rows.filter((row) => words.length === 0 || words.some((word) => nameOf(row).includes(word)))

removeLeftovers()
await makePackageSet()
const servers = await startServers()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true
    void servers.stop().then(() => process.exit(1))
  })
}
try {
  process.exitCode = (await testClients(servers)) ? 0 : 1
} finally {
  await servers.stop()
}

async function testClients({ working }: Servers): Promise<boolean> {
  for (const image of prebuilt) {
    const answer = await fetch(`${working}/v2/${image}/manifests/latest`)
    if (!answer.ok) throw new Error(`${image}: ${await answer.text()}`)
  }
  const faults: string[] = []
  const results = await runMatrix(chosen, servers, (row, title, { cell, fault }) => {
    console.log(`${nameOf(row)}: ${title}: ${cell}`)
    if (fault !== undefined) faults.push(`${nameOf(row)}: ${title}: ${fault}`)
  })
  console.log(`\n${clientTable(results)}\n`)
  for (const fault of faults) console.log(`✖ ${fault}\n`)
  if (chosen.length === rows.length && !interrupted) {
    const date = new Date().toISOString().slice(0, 10)
    await writePage('clients.md', clientsPage(results, date))
    await writePage('errors.md', errorsPage(results, await answers(), date))
  }
  return faults.length === 0
}

async function answers(): Promise<ReadonlyMap<string, Answer>> {
  const asked = errorCases.map(async ({ title, server, image }): Promise<[string, Answer]> => {
    const { status, code, message } = await fetchError(`${servers[server]}/v2/${image}/manifests/latest`)
    return [title, { status, code, message: readableError(message) }]
  })
  return new Map(await Promise.all(asked))
}
