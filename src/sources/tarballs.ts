import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SourceFailed, UnknownTag } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { startThread } from '../work/startThread.ts'
import { ThreadTeam } from '../work/threadTeam.ts'
import { download, DownloadRefused } from './download.ts'
import type { Remote } from './remote.ts'
import type { TarballTask } from './tarballWorker.ts'

/** Bytes of a tarball at most. Nixpkgs has 50 MB. */
export const mostDownloaded = 512 * 2 ** 20
/** What it may have in it. Nixpkgs has 450 MB on the disk, in 90,000 files and folders. */
const limits = { bytes: 2 * 2 ** 30, entries: 400_000 }

const threads = new ThreadTeam<TarballTask, string>(() => startThread(import.meta.url, 'tarballWorker'), {
  // As many as are fetched side by side.
  size: 2,
  idleMs: 10_000,
})

/**
 * Unpacks a tarball (gzip, zstd, or not compressed) into an empty folder.
 * @param what it is, for errors
 * @param commit that it shall be of
 * @returns the hash of what is there then
 * @throws SourceFailed
 */
export async function unpackFile(
  file: string,
  folder: string,
  what: string,
  { signal }: RunOptions,
  commit?: string,
): Promise<string> {
  try {
    return await threads.ask({ kind: 'unpack', file, folder, commit, limits }, { signal })
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SourceFailed(`${what} is no sound tarball: ${why}`, { cause })
  }
}

/** Tarballs of commits, as forges have them: `<address>/archive/<commit>.tar.gz`. */
export class Tarballs {
  readonly #remote: Remote

  constructor(remote: Remote) {
    this.#remote = remote
  }

  addressOf(commit: string): string {
    return `${this.#remote.address}/archive/${commit}.tar.gz`
  }

  /**
   * Writes the files of a commit to `<folder>/source`, which is there and empty.
   * @returns the hash of what is there then
   * @throws UnknownTag when there is no such tarball; SourceFailed when it cannot be had, or is refused
   */
  async unpack(commit: string, folder: string, run: RunOptions): Promise<string> {
    const { signal, onEvent } = run
    const address = this.addressOf(commit)
    const file = join(folder, 'tarball')
    onEvent({ kind: 'log', line: `fetching ${address}` })
    const credentials = await this.#remote.credentials()
    const { size, sha256, contentType } = await download(address, file, {
      credentials,
      most: mostDownloaded,
      signal,
    }).catch((error: unknown) => {
      if (!(error instanceof DownloadRefused) || ![404, 410].includes(error.status)) throw error
      throw new UnknownTag(`there is no commit ${commit}: ${error.message}`, { cause: error })
    })
    onEvent({ kind: 'log', line: `fetched ${commit}: ${size} bytes, sha256 ${sha256}` })
    try {
      const what = `${address} (${contentType}, ${size} bytes)`
      return await unpackFile(file, join(folder, 'source'), what, run, commit)
    } finally {
      await rm(file, { force: true })
    }
  }

  /** Whether files are still those whose hash is known. @throws SourceFailed */
  async isIntact(folder: string, hash: string | undefined, run: RunOptions): Promise<boolean> {
    if (hash === undefined) return false
    const { signal } = run
    return (await threads.ask({ kind: 'hash', folder: join(folder, 'source') }, { signal })) === hash
  }
}
