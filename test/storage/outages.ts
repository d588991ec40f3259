import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { codeOf } from '../../src/work/errno.ts'
import { Podman, run } from '../support/clients.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startS3, type TestS3 } from './s3Server.ts'

/*
 * Prints a table of what clients see while the storage server behind ours is stopped, hangs, comes back and
 * is full.
 * Run by `npm run test:outages` after the set-up of `npm run test:storage`; as root, for the small disk.
 */

/** Megabytes of the storage server's disk. */
const diskSize = 120
/** Milliseconds after which a request counts as hanging: a server that gives up later is one that hangs. */
const patience = 120_000

/**
 * Milliseconds after which the server has seen what became of its storage: what it knows of that is two
 * seconds old at most.
 */
const seen = 2_500

const known = 'hello'
const news = ['jq', 'gzip', 'gawk', 'xz', 'gnused', 'gnugrep', 'findutils', 'gnutar', 'bash', 'htop']
// Known packages in new company are new images, too.
const combinations = [...news, ...news.map((name) => `hello/${name}`)]

/** Of an error answer, or of `/readyz`. */
const reasons = z.union([
  z
    .object({ errors: z.array(z.object({ message: z.string() })) })
    .transform(({ errors }) => errors.map(({ message }) => message)),
  z
    .object({ checks: z.array(z.object({ why: z.string().optional() })) })
    .transform(({ checks }) => checks.flatMap(({ why }) => why ?? [])),
])

interface Row {
  readonly storage: string
  readonly what: string
  readonly saw: string
}

const rows: Row[] = []
const folder = await mkdtemp(join(tmpdir(), 'nixery-outages-'))
const disk = join(folder, 'disk')
await mkdir(disk)
await must('mount', ['-t', 'tmpfs', '-o', `size=${diskSize}m`, 'tmpfs', disk])
const podman = new Podman()
try {
  const s3 = await onDisk(startS3)
  const server = await startServer({
    ...s3.variables(await s3.bucket()),
    NIXERY_CACHE_PATH: join(folder, 'cache'),
  })
  try {
    await tell(s3, server)
  } finally {
    s3.resume()
    await server.stop()
    await s3.stop()
  }
} finally {
  await podman.remove()
  await must('umount', [disk])
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(asTable(rows))

async function tell(s3: TestS3, server: TestServer): Promise<void> {
  await look('up', server)
  await s3.crash()
  await look('stopped', server)
  await s3.restart()
  await look('started again', server)
  s3.pause()
  await look('hangs', server)
  s3.resume()
  await look('answers again', server)
  const whileBuilding = fetch(`${server.address}/v2/nano/manifests/latest`)
  await s3.crash()
  note('stopped during a build', 'GET of nano, which is new', await statusOf(whileBuilding))
  await s3.restart()
  await recovered(server)
  note(
    'started again',
    'GET of nano again',
    await statusOf(fetch(`${server.address}/v2/nano/manifests/latest`)),
  )
  await fill(disk)
  await look('full', server)
  await rm(join(disk, 'filler'))
  await look('has room again', server)
}

/** Waits until the server has seen that its storage is back. */
async function recovered(server: TestServer): Promise<void> {
  await sleep(seen)
  const until = performance.now() + patience
  while (performance.now() < until && !(await fetch(`${server.address}/readyz`)).ok) await sleep(500)
}

/** What a known image, a new one and a probe get, by several clients. */
async function look(storage: string, server: TestServer): Promise<void> {
  await sleep(seen)
  const fresh = combinations.shift() ?? ''
  const target = `dir:${join(folder, `copy-${combinations.length}`)}`
  const copied = await run('skopeo', [
    'copy',
    '-q',
    '--src-tls-verify=false',
    `docker://${server.host}/${known}`,
    target,
  ])
  note(storage, `skopeo copies ${known}, which is known`, outcome(copied))
  await podman.run('rmi', '--all', '--force')
  note(storage, `podman pulls ${known}`, outcome(await podman.pull(`${server.host}/${known}`)))
  note(
    storage,
    `GET of ${fresh}, which is new`,
    await statusOf(fetch(`${server.address}/v2/${fresh}/manifests/latest`)),
  )
  const missing = combinations.shift() ?? ''
  note(
    storage,
    `podman pulls ${missing}, which is new`,
    outcome(await podman.pull(`${server.host}/${missing}`)),
  )
  note(storage, 'GET of /readyz', await statusOf(fetch(`${server.address}/readyz`)))
}

function note(storage: string, what: string, saw: string): void {
  rows.push({ storage, what, saw })
  process.stderr.write(`${storage}: ${what}: ${saw}\n`)
}

function outcome({ code, stderr }: { readonly code: number | null; readonly stderr: string }): string {
  if (code === 0) return 'works'
  const last = stderr.trim().split('\n').at(-1) ?? ''
  return `fails: ${stable(last.replace(/^.*reading manifest latest in [^ ]+: /, ''))}`
}

async function statusOf(asked: Promise<Response>): Promise<string> {
  const started = performance.now()
  const late = sleep(patience, undefined, { ref: false })
  const answer = await Promise.race([asked.catch((error: unknown) => String(error)), late])
  if (answer === undefined) return `nothing within ${patience / 1000} s`
  if (typeof answer === 'string') return answer
  const retry = answer.headers.get('retry-after')
  const seconds = Math.round((performance.now() - started) / 1000)
  const after = `${answer.status} after ${seconds} s${retry === null ? '' : `, Retry-After: ${retry}`}`
  const why = answer.ok ? [] : reasons.parse(await answer.json())
  return [after, ...why.map(stable)].join(': ')
}

/** Without what differs from run to run. */
function stable(text: string): string {
  return text.replaceAll(/[0-9a-f]{64}/g, 'HASH').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
}

/** Takes what is left of the disk. */
async function fill(path: string): Promise<void> {
  try {
    await writeFile(join(path, 'filler'), Buffer.alloc(diskSize << 20))
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error
  }
}

/** The storage server keeps its things where temporary files go. */
async function onDisk<T>(start: () => Promise<T>): Promise<T> {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = disk
  try {
    return await start()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args)
  if (code !== 0) throw new Error(`${program}: ${stderr}`)
}

function asTable(all: readonly Row[]): string {
  const lines = all.map(
    ({ storage, what, saw }) =>
      `| ${storage} | ${what} | ${saw.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`,
  )
  return ['| storage server | request | result |', '|---|---|---|', ...lines, ''].join('\n')
}
