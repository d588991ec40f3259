import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChildServer } from '../support/childServer.ts'
import { run } from '../support/clients.ts'
import { fetchManifest, type Manifest } from '../support/registry.ts'
import { tellAwkwardAnswers } from './awkward.ts'
import { missingChecks, parseReport, summarize } from './report.ts'
import { buildSuite, type Suite } from './suite.ts'

// Runs the OCI conformance suite, read side, against a server of its own, and tells what ten awkward requests
// get. The version of the suite is CONFORMANCE_VERSION, or the latest. All is kept in var/conformance.

const results = join(import.meta.dirname, '../../var/conformance')
const name = 'hello'

interface Pulled {
  readonly digest: string
  readonly manifest: Manifest
}

/** @returns whether every check of the read side passed, or the suite is not to be had */
async function checkConformance(suite: Suite, address: string, pulled: Pulled): Promise<boolean> {
  if (suite.kind === 'absent') {
    console.log(`OCI conformance suite: skipped. ${suite.why}`)
    console.log('Its checks of the read side are also tests of ours: npm test -- test/protocol')
    return true
  }
  const { stdout, stderr } = await run(suite.program, [], suiteVariables(address, pulled))
  await writeFile(join(results, 'report.txt'), stdout)
  await writeFile(join(results, 'log.txt'), stderr)
  const checks = parseReport(stdout)
  const missing = missingChecks(checks)
  console.log(`OCI conformance suite ${suite.version}: ${summarize(checks)}`)
  if (missing.length > 0) console.log(`Not passed, of the read side:\n  ${missing.join('\n  ')}`)
  return missing.length === 0 && checks.every(({ outcome }) => outcome !== 'failed')
}

/** The suite asks for what it has not pushed only where it is told of it. */
function suiteVariables(address: string, { digest, manifest }: Pulled): Readonly<Record<string, string>> {
  return {
    OCI_REGISTRY: address.replace('http://', ''),
    OCI_TLS: 'disabled',
    OCI_REPO1: name,
    OCI_REPO2: 'jq',
    OCI_API_PUSH: 'false',
    OCI_API_BLOBS_DELETE: 'false',
    OCI_API_MANIFESTS_DELETE: 'false',
    OCI_API_TAGS_DELETE: 'false',
    OCI_API_BLOBS_DIGEST_HEADER: 'true',
    // Off, because the suite is wrong here: it keeps the answer only for manifests that it has pushed, and
    // looks for the header in an empty answer for read-only ones. That makes four failures (HEAD and GET, by
    // tag and by digest). `test/protocol/conformance.test.ts` checks the header of manifests instead.
    OCI_API_MANIFESTS_DIGEST_HEADER: 'false',
    OCI_DATA_SHA512: 'false',
    OCI_RO_DATA_TAGS: 'latest',
    OCI_RO_DATA_MANIFESTS: digest,
    OCI_RO_DATA_BLOBS: [manifest.config, ...manifest.layers].map((blob) => blob.digest).join(' '),
    OCI_RO_DATA_REFERRERS: digest,
    OCI_RESULTS_DIR: join(results, 'suite'),
  }
}

const folder = await mkdtemp(join(tmpdir(), 'nixery-conformance-'))
const suite = await buildSuite(join(results, 'module'), process.env['CONFORMANCE_VERSION'] ?? 'latest')
const server = await startChildServer(folder)
try {
  const pulled = await fetchManifest(server.address, name)
  const [layer] = pulled.manifest.layers.toSorted((a, b) => a.size - b.size)
  if (!layer) throw new Error(`${name} has no layers`)
  if (!(await checkConformance(suite, server.address, pulled))) process.exitCode = 1
  const told = await tellAwkwardAnswers(server.address, { manifest: pulled, layer })
  await writeFile(join(results, 'awkward.txt'), `${told}\n`)
  console.log(`\nTen awkward requests, and their answers:\n\n${told}`)
} finally {
  await server.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}
