import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOf, s3Server } from '../../setup/storageServers.js'
import type { S3Options } from '../../src/storage/s3/options.ts'
import { freePort, startProgram } from './program.ts'

/** An S3 server of its own, which checks signatures. */
export interface TestS3 {
  readonly endpoint: string
  /** For looking at what is there with other eyes than the storage's. */
  readonly client: S3Client
  /** A new, empty bucket, and how the storage is told of it. */
  bucket(prefix?: string): Promise<S3Options>
  /** Variables for a server of ours that keeps its images in the bucket. */
  variables(options: S3Options): Readonly<Record<string, string>>
  /** Takes connections and answers nothing, until it is resumed. */
  pause(): void
  resume(): void
  /** Ends it without a word; what it holds stays. */
  crash(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Keys of the server; the official client finds them in the environment. */
export const keys = { AWS_ACCESS_KEY_ID: 'nixery-test', AWS_SECRET_ACCESS_KEY: randomUUID() } as const

/** Starts the server, and puts its keys into the environment of this process. */
export async function startS3(): Promise<TestS3> {
  Object.assign(process.env, keys)
  const folder = await mkdtemp(join(tmpdir(), 'nixery-s3-'))
  const data = join(folder, 'data')
  const sidecar = join(folder, 'sidecar')
  for (const one of [data, sidecar]) await mkdir(one)
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  // Not every file system has extended attributes, so what belongs to an object lies beside it.
  const args = ['--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', 'posix', '--sidecar', sidecar, data]
  const secrets = { ROOT_ACCESS_KEY: keys.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: keys.AWS_SECRET_ACCESS_KEY }
  const start = () => startProgram(programOf(s3Server), args, port, secrets)
  let program = await start()
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true })
  return {
    endpoint,
    client,
    bucket: async (prefix = '') => {
      const bucket = `b-${randomUUID()}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return { bucket, endpoint, pathStyle: true, prefix }
    },
    variables: ({ bucket, prefix }) => ({
      NIXERY_STORAGE_BACKEND: 's3',
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_PATH_STYLE: 'true',
      S3_PREFIX: prefix,
    }),
    pause: () => program.signal('SIGSTOP'),
    resume: () => program.signal('SIGCONT'),
    crash: () => program.stop(),
    restart: async () => {
      program = await start()
    },
    stop: async () => {
      client.destroy()
      await program.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
