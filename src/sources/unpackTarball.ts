import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { PassThrough, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { extract, type Extract } from 'tar-stream'
import { TarballRefused, TreeWriter } from './treeWriter.ts'

/** What a tarball may have at most. */
export interface TarballLimits {
  /** Bytes, uncompressed. */
  readonly bytes: number
  /** Files, folders and links. */
  readonly entries: number
}

type Entry = Extract extends AsyncIterable<infer One> ? One : never

/**
 * Unpacks a tarball of a commit (gzip or zstd) into a folder. For a worker
 * thread: it writes synchronously, which is many times faster.
 * @param folder exists, and is empty; if this rejects, anything may be in it, but nothing is outside of it
 * @throws TarballRefused, or what reading, decompressing and writing throws
 */
export async function unpackTarball(
  file: string,
  folder: string,
  commit: string | undefined,
  limits: TarballLimits,
): Promise<void> {
  const decompress = await decompressorFor(file)
  // Names are bytes. Those in extended headers are UTF-8 whatever this says.
  const options: Parameters<typeof extract>[0] & object = Object.assign({}, { filenameEncoding: 'latin1' })
  const entries = extract(options)
  const written = writeAll(entries, new TreeWriter(folder), limits)
  const read = pipeline(createReadStream(file), decompress, checked(commit, limits), entries)
  const [writing, reading] = await Promise.allSettled([written, read])
  if (writing.status === 'rejected' && writing.reason instanceof TarballRefused) throw writing.reason
  if (reading.status === 'rejected') throw reading.reason
  if (writing.status === 'rejected') throw writing.reason
}

async function writeAll(entries: Extract, writer: TreeWriter, limits: TarballLimits): Promise<void> {
  let count = 0
  for await (const entry of entries) {
    if (++count > limits.entries) throw new TarballRefused(`it has more than ${limits.entries} files`)
    await write(entry, writer)
  }
  writer.end()
}

async function write(entry: Entry, writer: TreeWriter): Promise<void> {
  const { name, linkname, type, mode } = entry.header
  const pax: object = entry.header.pax ?? {}
  if (Object.keys(pax).some((key) => key.startsWith('GNU.sparse')))
    throw new TarballRefused(`${JSON.stringify(name)} is a sparse file`)
  const common = {
    name: 'path' in pax ? inLatin1(name) : name,
    target: 'linkpath' in pax ? inLatin1(linkname ?? '') : (linkname ?? ''),
    executable: (mode & 0o100) !== 0,
  }
  switch (type) {
    case 'directory':
      writer.addFolder(common.name)
      break
    case 'symlink':
      writer.addLink({ ...common, kind: 'symlink' })
      break
    case 'link':
      writer.addHardLink({ ...common, kind: 'hardlink' })
      break
    case 'file':
    case 'contiguous-file': {
      const file = writer.addFile({ ...common, kind: 'file' })
      try {
        for await (const chunk of entry) file.write(chunk as Uint8Array)
      } finally {
        file.end()
      }
      return
    }
    case 'fifo':
    case 'character-device':
    case 'block-device':
    default:
      throw new TarballRefused(`${JSON.stringify(name)} is neither a file nor a folder nor a link`)
  }
  entry.resume()
}

/** The bytes of a name, one character each. */
function inLatin1(name: string): string {
  return Buffer.from(name).toString('latin1')
}

async function decompressorFor(file: string): Promise<Transform> {
  const start = Buffer.alloc(4)
  const handle = await open(file)
  try {
    await handle.read(start, 0, start.length, 0)
  } finally {
    await handle.close()
  }
  const magic = start.toString('hex')
  if (magic.startsWith('1f8b')) return createGunzip()
  if (magic === '28b52ffd') return createZstdDecompress()
  if (await isTar(file)) return new PassThrough()
  throw new TarballRefused('it is neither gzip nor zstd')
}

async function isTar(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(5), 0, 5, 257)
    return buffer.toString('latin1') === 'ustar'
  } finally {
    await handle.close()
  }
}

/** Where git notes the commit that an archive was made of: in a first header for all files. */
const noteLength = 1024

/** Passes a tarball on, until it is too large, or turns out to be of another commit. */
function checked(commit: string | undefined, limits: TarballLimits): Transform {
  let size = 0
  let start = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > limits.bytes)
        return done(new TarballRefused(`unpacked it has more than ${Math.round(limits.bytes / 2 ** 20)} MiB`))
      if (start.length < noteLength) {
        start = Buffer.concat([start, chunk.subarray(0, noteLength - start.length)])
        const noted = /^\d+ comment=([0-9a-f]{40})\n/.exec(start.toString('latin1', 512))?.[1]
        if (
          start[156] === 'g'.charCodeAt(0) &&
          commit !== undefined &&
          noted !== undefined &&
          noted !== commit
        )
          return done(new TarballRefused(`it is of another commit, ${noted}`))
      }
      return done(null, chunk)
    },
  })
}
