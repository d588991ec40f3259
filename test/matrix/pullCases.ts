import type { Outcome } from '../support/clients.ts'
import type { Client } from './client.ts'
import { startCuttingProxy } from './cuttingProxy.ts'

/** What came of a case: shown in the table; `fault` where it should have passed. */
export interface Result {
  readonly cell: string
  readonly fault?: string
}

export interface PullCase {
  /** As the table names it. */
  readonly title: string
  /** Needs a client that has nothing of the image yet. */
  readonly fresh?: true
  run(client: Client, server: string): Promise<Result>
}

export const passed = '✔'
const failed: Result['cell'] = '✖'

const git = { image: 'shell/git', command: ['git', '--version'], expected: /^git version 2\./ }
/** Its closure has more store paths than the image has layers. */
const ffmpeg = { image: 'ffmpeg', command: ['ffmpeg', '-version'], expected: /^ffmpeg version \d/ }
const hello = {
  image: 'arm64/hello',
  command: process.arch === 'arm64' ? ['/bin/hello'] : ['/shared/qemu', '/bin/hello'],
  expected: /^Hello, world!/,
}

/** Images that every case finds built. */
export const prebuilt = [git.image, ffmpeg.image, hello.image]

interface Program {
  readonly command: readonly string[]
  readonly expected: RegExp
}

/** Cases in the order in which they run. */
export const pullCases: readonly PullCase[] = [
  {
    title: 'runs `shell/git`',
    run: (client, server) => pullAndRun(client, `${hostOf(server)}/${git.image}:latest`, git),
  },
  {
    title: 'runs `ffmpeg`',
    run: (client, server) => pullAndRun(client, `${hostOf(server)}/${ffmpeg.image}:latest`, ffmpeg),
  },
  {
    title: 'runs `arm64/hello`',
    run: (client, server) => pullAndRun(client, `${hostOf(server)}/${hello.image}:latest`, hello),
  },
  {
    title: 'by digest',
    run: async (client, server) => {
      const answer = await fetch(`${server}/v2/${git.image}/manifests/latest`, { method: 'HEAD' })
      const digest = answer.headers.get('docker-content-digest')
      return pullAndRun(client, `${hostOf(server)}/${git.image}@${digest}`, git)
    },
  },
  { title: 'resumes', fresh: true, run: resume },
]

/** How a download that was cut is resumed, as the table says it. */
const resumed = { range: '✔ Range', again: '✔ whole blob', none: '✔ unasked' }

/** Clients that give up are asked a second time: that must succeed at least. */
async function resume(client: Client, server: string): Promise<Result> {
  const proxy = await startCuttingProxy(server)
  try {
    const image = `${hostOf(proxy.address)}/${ffmpeg.image}:latest`
    const first = await client.pull(image)
    const how = proxy.resumption()
    if (how === undefined) return { cell: failed, fault: `nothing was cut\n${first.stderr}` }
    const result = await pullAndRun(client, image, ffmpeg)
    if (result.fault !== undefined) return result
    return { cell: first.code === 0 ? resumed[how] : '✔ second pull' }
  } finally {
    proxy.stop()
  }
}

async function pullAndRun(client: Client, image: string, program: Program): Promise<Result> {
  const pulled = await client.pull(image)
  if (pulled.code !== 0) return { cell: failed, fault: describe(`pull ${image}`, pulled) }
  const ran = await client.run(image, program.command)
  if (ran.code === 0 && program.expected.test(ran.stdout)) return { cell: passed }
  return { cell: failed, fault: describe(`run ${image}`, ran) }
}

function describe(what: string, { code, stdout, stderr }: Outcome): string {
  return `${what}: ended with ${code}\n${stdout}${stderr}`.trimEnd()
}

export function hostOf(address: string): string {
  return address.replace('http://', '')
}
