import { constants, createReadStream, type Stats } from 'node:fs'
import { lstat, mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { LRUCache } from 'lru-cache'
import { BlobUnknown } from '../../errors.ts'
import { hexOf, type Digest } from '../../oci/digest.ts'
import { patient, SingleFlight } from '../../work/singleFlight.ts'
import type { BlobFile, BlobStore, ByteRange, OpensFiles, StoredBlob } from '../interfaces.ts'
import { blobKey, corruptFolder, temporaryFolder } from '../layout.ts'
import { boundsOf } from '../range.ts'
import { AtomicFile } from './atomicFile.ts'
import { OpenFile } from './openFile.ts'
import { failed, unlessMissing } from './faults.ts'
import { HashingSink } from './hashingSink.ts'
import { hashOfFile } from './hashThreads.ts'
import type { Modes } from './modes.ts'

/** A stalled reader keeps two such buffers in memory. */
const readAhead = 256 << 10
/** Blobs that are known to match their digest, 40 bytes of state each. */
const rememberedBlobs = 100_000

/**
 * Blobs as files named by their digest. A file is hashed before it is first served, and again if its size,
 * inode or times have changed since. A file that does not match its name is moved aside.
 */
export class FilesystemBlobs implements BlobStore, OpensFiles {
  readonly #root: string
  readonly #temporary: string
  readonly #corrupt: string
  readonly #modes: Modes
  readonly #sound = new LRUCache<Digest, string>({ max: rememberedBlobs })
  readonly #checks = new SingleFlight<boolean>()

  constructor(root: string, modes: Modes) {
    this.#root = root
    this.#modes = modes
    this.#temporary = join(root, temporaryFolder)
    this.#corrupt = join(root, corruptFolder)
  }

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const stats = await unlessMissing(lstat(this.#path(digest)))
    // A link, a pipe or a device is none of ours, wherever it leads.
    if (!stats?.isFile()) return undefined
    return (await this.#isSound(digest, stats)) ? { size: stats.size } : undefined
  }

  async open(digest: Digest, range?: ByteRange): Promise<Readable> {
    const found = await this.stat(digest)
    if (!found) throw new BlobUnknown(digest)
    const { start, end } = boundsOf(range, found.size)
    const handle = await this.#handle(digest)
    if (!handle) throw new BlobUnknown(digest)
    // `createReadStream` needs a last byte, which an empty file does not have.
    const bounds = found.size === 0 ? {} : { start, end }
    return createReadStream('', { fd: handle, ...bounds, highWaterMark: readAhead })
  }

  async file(digest: Digest): Promise<BlobFile | undefined> {
    const found = await this.stat(digest)
    const handle = found && (await this.#handle(digest))
    return handle && new OpenFile(handle, found.size)
  }

  async put(write: (sink: Writable) => Promise<void>): Promise<StoredBlob> {
    const file = await AtomicFile.create(this.#temporary, this.#modes).catch(failed)
    const sink = new HashingSink(file)
    try {
      await write(sink)
      const { digest, size } = await sink.finished()
      await file.commit(this.#path(digest)).catch(failed)
      // The collector may have deleted it, taking it for an old blob of that name. Whoever relies on it
      // checks again.
      const stats = await unlessMissing(lstat(this.#path(digest)))
      if (stats) this.#sound.set(digest, fingerprint(stats))
      return { digest, size }
    } catch (error) {
      sink.destroy()
      await file.abandon()
      throw error
    }
  }

  async #isSound(digest: Digest, stats: Stats): Promise<boolean> {
    if (this.#sound.get(digest) === fingerprint(stats)) return true
    return this.#checks.run(digest, patient, () => this.#check(digest, stats))
  }

  async #check(digest: Digest, stats: Stats): Promise<boolean> {
    const path = this.#path(digest)
    const hex = await unlessMissing(hashOfFile(path, stats.size))
    if (hex === undefined) return false
    if (hex === hexOf(digest)) {
      this.#sound.set(digest, fingerprint(stats))
      return true
    }
    await mkdir(this.#corrupt, { recursive: true, mode: this.#modes.folder }).catch(failed)
    await unlessMissing(rename(path, join(this.#corrupt, hexOf(digest))))
    return false
  }

  #handle(digest: Digest): Promise<FileHandle | undefined> {
    return unlessMissing(open(this.#path(digest), constants.O_RDONLY | constants.O_NOFOLLOW))
  }

  #path(digest: Digest): string {
    return join(this.#root, blobKey(digest))
  }
}

/** Changes if somebody writes to the file or replaces it. */
function fingerprint(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`
}
