import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChildServer, type ChildServer } from '../support/childServer.ts'
import { matrixSet } from './folders.js'

/** Servers in the states that clients are to meet. Each is `http://127.0.0.1:PORT`. */
export interface Servers {
  readonly working: string
  /** Gives builders three seconds. */
  readonly hasty: string
  /** Builds something that does not end, and lets nobody wait. */
  readonly full: string
  /** Has lost its storage. */
  readonly broken: string
  stop(): Promise<void>
}

/** What the tests of `full` occupy the builder with. */
const endless = 'demo-hangs'

/** Milliseconds that the servers have for stopping. */
const patience = 10_000

export async function startServers(): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-matrix-'))
  const started: ChildServer[] = []
  const start = async (name: string, variables: Readonly<Record<string, string>> = {}) => {
    const server = await startChildServer(join(folder, name), {
      NIXERY_PKGS_PATH: matrixSet,
      NIXERY_STOP_TIMEOUT: '1',
      ...variables,
    })
    started.push(server)
    return server
  }
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    const kill = setTimeout(() => started.forEach((server) => void server.end('SIGKILL')), patience)
    await Promise.all(started.map((server) => server.end('SIGTERM')))
    clearTimeout(kill)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const working = await start('working')
    // With derivations of its own: Nix would wait for the other server's build of the same one.
    const set = join(folder, 'set')
    await cp(matrixSet, set, { recursive: true })
    await writeFile(join(set, 'salt'), folder)
    const hasty = await start('hasty', { NIX_TIMEOUT: '3', NIXERY_PKGS_PATH: set })
    const full = await start('full', {
      NIXERY_BUILDS: '1',
      NIXERY_QUEUE: '0',
      NIX_TIMEOUT: '36000',
      NIXERY_BUILD_DEADLINE: '36000',
    })
    fetch(`${full.address}/v2/${endless}/manifests/latest`).catch(() => undefined)
    await full.waitFor('waiting for nothing')
    const broken = await start('broken')
    const storage = join(folder, 'broken', 'storage')
    await rm(storage, { recursive: true, force: true })
    await writeFile(storage, 'not a folder any more')
    return {
      working: working.address,
      hasty: hasty.address,
      full: full.address,
      broken: broken.address,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
