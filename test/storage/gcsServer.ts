import { randomUUID } from 'node:crypto'
import { gcsServer, programOf } from '../../setup/storageServers.js'
import type { GcsOptions } from '../../src/storage/gcs/options.ts'
import { freePort, startProgram } from './program.ts'

/** An emulator of Google Cloud Storage, in memory. It looks at no signature. */
export interface TestGcs {
  readonly endpoint: string
  /** A new, empty bucket, and how the storage is told of it. */
  bucket(prefix?: string): Promise<GcsOptions>
  stop(): Promise<void>
}

export async function startGcs(): Promise<TestGcs> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const address = [
    '-scheme',
    'http',
    '-host',
    '127.0.0.1',
    '-port',
    `${port}`,
    '-public-host',
    `127.0.0.1:${port}`,
  ]
  const args = [...address, '-external-url', endpoint, '-backend', 'memory']
  const program = await startProgram(programOf(gcsServer), [...args, '-log-level', 'warn'], port)
  return {
    endpoint,
    bucket: async (prefix = '') => {
      const bucket = `b-${randomUUID()}`
      const answer = await fetch(`${endpoint}/storage/v1/b`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: bucket }),
      })
      if (!answer.ok) throw new Error(await answer.text())
      return { bucket, prefix, endpoint }
    },
    stop: () => program.stop(),
  }
}
