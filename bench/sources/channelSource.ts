import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Remote } from '../../src/sources/remote.ts'
import { Tarballs } from '../../src/sources/tarballs.ts'
import { silently } from '../../src/work/events.ts'
import type { Row } from '../report.ts'
import { median, timeOf } from './median.ts'

const execute = promisify(execFile)
const commit = 'c'.repeat(40)

/** A channel's tarball is fetched and unpacked, beside what tar takes to unpack it. */
export async function channelSource(parent: string, tree: string, rounds: number): Promise<readonly Row[]> {
  const tarball = join(parent, 'tarball')
  await execute('tar', ['-C', parent, '-czf', tarball, tree.slice(parent.length + 1)])
  const server = createServer((_request, response) => createReadStream(tarball).pipe(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const ours: number[] = []
  const theirs: number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const [one, other] = [join(parent, 'unpacked'), join(parent, 'fetched')]
      await mkdir(one)
      await execute('sync')
      theirs.push(await timeOf(() => execute('tar', ['-C', one, '-xzf', tarball])))
      await rm(one, { recursive: true })
      await mkdir(join(other, 'source'), { recursive: true })
      await execute('sync')
      const tarballs = new Tarballs(new Remote(`http://127.0.0.1:${port}`))
      const run = silently(new AbortController().signal)
      ours.push(await timeOf(() => tarballs.unpack(commit, other, run)))
      await rm(other, { recursive: true })
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
  const ratio = median(ours.map((time, round) => time / (theirs[round] ?? NaN)))
  return [
    { '': 'tar -xzf', ms: median(theirs) },
    { '': 'a channel is fetched, unpacked and hashed', ms: median(ours), 'times tar': ratio },
  ]
}
