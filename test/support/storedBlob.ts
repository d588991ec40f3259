import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'

const megabyte = 1 << 20

export interface StoredBlob {
  readonly digest: string
  readonly path: string
  /** The same bytes over and over: the blob is so many of them. */
  readonly megabyte: Buffer
}

/**
 * Puts a blob that no encoder makes small into the storage of a server.
 * @param isTar whether it begins as a tar does, so that it is encoded for clients which take that
 */
export async function storeBlob(
  storage: string,
  megabytes: number,
  { isTar } = { isTar: false },
): Promise<StoredBlob> {
  const layers = join(storage, 'layers')
  await mkdir(layers, { recursive: true })
  const chunk = randomBytes(megabyte)
  if (isTar) chunk.write('ustar', 257, 'latin1')
  const file = await open(join(layers, 'new'), 'w')
  const hash = createHash('sha256')
  for (let written = 0; written < megabytes; written += 1) {
    hash.update(chunk)
    await file.write(chunk)
  }
  await file.close()
  const hex = hash.digest('hex')
  const path = join(layers, hex)
  await rename(join(layers, 'new'), path)
  return { digest: `sha256:${hex}`, path, megabyte: chunk }
}
