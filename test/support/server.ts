import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config/config.ts'
import { createLogger } from '../../src/logger.ts'
import { startServer as start } from '../../src/server.ts'
import { demoSet, serverVariables } from './variables.ts'

/**
 * A copy of the demo set whose misbehaving packages were never built, nor are they by another test meanwhile.
 */
export async function saltedSet(folder: string): Promise<string> {
  const set = join(folder, `set-${randomUUID()}`)
  await cp(demoSet, set, { recursive: true })
  await writeFile(join(set, 'salt'), randomUUID())
  return set
}

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly address: string
  /** `127.0.0.1:PORT`, as image references begin. */
  readonly host: string
  /** Folder of its blobs and records; empty if they are in a bucket. */
  readonly storage: string
  stop(): Promise<void>
}

/**
 * A server of this process on the demo set, with storage of its own unless it is given. Variables as in
 * README.
 */
export async function startServer(variables: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  const removeFolder = () => rm(folder, { recursive: true, force: true })
  try {
    const config = readConfig({
      // Copies of the demo set need the machine's programs too.
      NIX_CONFIG: process.env['NIX_CONFIG'],
      ...serverVariables(folder),
      NIXERY_LOG_LEVEL: 'silent',
      NIXERY_STOP_TIMEOUT: '5',
      ...variables,
    })
    const server = await start(config, createLogger(config.logLevel))
    return {
      address: server.address,
      host: server.address.replace('http://', ''),
      storage: config.storage.kind === 'filesystem' ? config.storage.path : '',
      stop: async () => {
        await server.close()
        await removeFolder()
      },
    }
  } catch (error) {
    await removeFolder()
    throw error
  }
}
