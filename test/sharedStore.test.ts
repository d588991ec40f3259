import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { startChildServer, type ChildServer } from './support/childServer.ts'
import { fetchError } from './support/registry.ts'
import { saltedSet } from './support/server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-shared-store-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Ends with the test, whatever comes of that. */
async function start(
  context: TestContext,
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<ChildServer> {
  const server = await startChildServer(join(folder, name), variables)
  context.after(() => server.end('SIGTERM'))
  return server
}

/** A server that has begun a build which never ends, and what another one needs that asks for the same. */
async function startHolder(context: TestContext, name: string) {
  const variables = { NIXERY_PKGS_PATH: await saltedSet(folder), NIXERY_STOP_TIMEOUT: '0' }
  const holder = await start(context, name, { ...variables, NIX_TIMEOUT: '300' })
  const asked = fetch(`${holder.address}/v2/demo-hangs/manifests/latest`).catch(() => undefined)
  await holder.waitFor('building /nix/store')
  return { holder, asked, variables }
}

describe('a build that another server of the same Nix store has begun', () => {
  it('is taken over when that server is killed', async (context) => {
    const { holder, asked, variables } = await startHolder(context, 'killed')
    const server = await start(context, 'heir', {
      ...variables,
      NIX_TIMEOUT: '2',
      NIXERY_BUILD_DEADLINE: '40',
    })
    const answer = fetchError(`${server.address}/v2/demo-hangs/manifests/latest`)
    await server.waitFor('waiting for lock')
    assert.equal(await holder.end('SIGKILL'), 'SIGKILL')
    const { status, message } = await answer
    // The time limit of a builder of its own.
    assert.equal(status, 403)
    assert.match(message, /demo-hangs.*timed out/)
    await asked
  })

  it('is waited for until the deadline, whose answer says what for', async (context) => {
    const { holder, asked, variables } = await startHolder(context, 'hanging')
    const server = await start(context, 'waiting', {
      ...variables,
      NIXERY_BUILD_DEADLINE: '8',
    })
    const { status, code, message } = await fetchError(`${server.address}/v2/demo-hangs/manifests/latest`)
    assert.deepEqual([status, code], [403, 'DENIED'])
    assert.match(
      message,
      /not ready after 8 s .*; it was waiting for lock on '\/nix\/store\/.*-demo-hangs-1\.0'/,
    )
    assert.equal(await holder.end('SIGTERM'), 0)
    await asked
  })
})
