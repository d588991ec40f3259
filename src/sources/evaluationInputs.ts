import { mkdir, rename, rm } from 'node:fs/promises'
import { SourceFailed } from '../errors.ts'
import { run as runProgram } from '../process/run.ts'
import type { RunOptions } from '../work/events.ts'
import { withoutSecrets } from '../work/redact.ts'
import { download } from './download.ts'
import { Remote } from './remote.ts'
import { mostDownloaded, unpackFile } from './tarballs.ts'

/** What a package set fetches while it is evaluated. */
interface Input {
  readonly kind: 'file' | 'tarball'
  readonly url: string
}

/** Programs that unpack what Node cannot, by the last part of the address. */
const unpackers: readonly (readonly [ending: RegExp, program: string])[] = [
  [/\.(?:tar\.xz|txz)$/, 'xz'],
  [/\.(?:tar\.bz2|tbz2?)$/, 'bzip2'],
]

/**
 * Downloads what package sets fetch while they are evaluated, with the credentials that sources have.
 * @param netrc a file with credentials by host
 * @returns a function that puts the file, or the folder that a tarball has, at a path whose folder is there.
 * It rejects with SourceFailed
 */
export function createInputFetcher(netrc: string | undefined) {
  return async ({ kind, url }: Input, target: string, run: RunOptions): Promise<void> => {
    const { signal } = run
    const remote = new Remote(url, netrc)
    const file = `${target}.download`
    try {
      const credentials = await remote.credentials()
      await download(remote.address, file, { credentials, most: mostDownloaded, signal })
      if (kind === 'file') return await rename(file, target)
      const { pathname } = new URL(remote.address)
      const program = unpackers.find(([ending]) => ending.test(pathname))?.[1]
      if (program !== undefined) await decompress(program, file, signal)
      await mkdir(target)
      await unpackFile(file, target, withoutSecrets(remote.address), run)
    } finally {
      await rm(file, { force: true })
    }
  }
}

/** Kilobytes that `ulimit -f` has, twice: it counts blocks of 512 or of 1024 bytes. */
const mostUnpacked = 4 * 2 ** 20

async function decompress(program: string, file: string, signal: AbortSignal): Promise<void> {
  const script = `ulimit -f ${mostUnpacked}; ${program} -dc < "$1" > "$1.tar" && mv "$1.tar" "$1"`
  const { code, stderrTail } = await runProgram('/bin/sh', ['-c', script, 'sh', file], { signal })
  if (code === 0) return
  await rm(`${file}.tar`, { force: true })
  throw new SourceFailed(`a tarball cannot be decompressed by ${program}: ${stderrTail.at(-1) ?? ''}`)
}
