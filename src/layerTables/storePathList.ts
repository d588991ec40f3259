import { InvalidData } from '../errors.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import { ProgramNotStarted } from '../process/failures.ts'
import { run } from '../process/run.ts'
import { download } from './download.ts'

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
/** Bytes: a channel lists 100,000 paths in 7 MB. */
const maxList = 2 ** 30

/**
 * Store paths, one a line, from a file or address; compressed with xz, as channels publish it, or not.
 * @throws InvalidData
 */
export async function readStorePathList(
  location: string,
  signal: AbortSignal,
): Promise<readonly StorePath[]> {
  const bytes = await download(location, signal)
  if (!bytes) throw new InvalidData(`the list of store paths ${location} is not there`)
  const isXz = bytes.subarray(0, xzMagic.length).equals(xzMagic)
  const text = isXz ? await decompress(bytes, location, signal) : bytes.toString('utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  const wrong = lines.find((line) => !isStorePath(line))
  if (wrong !== undefined) {
    throw new InvalidData(`${location} is not a list of store paths: it has '${wrong.slice(0, 100)}'`)
  }
  return lines.filter(isStorePath)
}

async function decompress(bytes: Buffer, location: string, signal: AbortSignal): Promise<string> {
  try {
    const ended = await run('xz', ['--decompress', '--stdout'], { signal, input: bytes, maxStdout: maxList })
    if (ended.code === 0) return ended.stdout
    throw new InvalidData(`${location} cannot be decompressed: ${ended.stderrTail.join(' ')}`)
  } catch (cause) {
    if (!(cause instanceof ProgramNotStarted)) throw cause
    throw new InvalidData(`${location} is compressed, and the program xz is not there`, { cause })
  }
}
