import type { Bucket as GoogleBucket, Storage as Client } from '@google-cloud/storage'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  blobType,
  metadataOf,
  digestInMetadata,
  type SpooledBlob,
  type Bounds,
  type Bucket,
  type ObjectState,
} from '../bucket/bucket.ts'
import { Prefix } from '../bucket/prefix.ts'
import type { StoredObject } from '../interfaces.ts'
import { isKey } from '../key.ts'
import { blobKey } from '../layout.ts'
import { download } from './download.ts'
import { failed, isMissing, isTaken } from './faults.ts'
import type { GcsOptions } from './options.ts'

/** A blob larger than this (bytes) is sent in parts of this size, any of which can be sent again. */
const partSize = 16 << 20

/** A bucket of Google Cloud Storage. */
export class GcsBucket implements Bucket {
  readonly #client: Client
  readonly #bucket: GoogleBucket
  readonly #prefix: Prefix

  constructor(client: Client, { bucket, prefix }: GcsOptions) {
    this.#client = client
    this.#bucket = client.bucket(bucket)
    this.#prefix = new Prefix(prefix)
  }

  async state(key: string): Promise<ObjectState | undefined> {
    try {
      const [found] = await this.#file(key).getMetadata()
      const size = Number(found.size)
      return { size, version: String(found.generation), digest: digestInMetadata(found.metadata, size) }
    } catch (error) {
      return isMissing(error) ? undefined : failed(`looking for ${key}`, error)
    }
  }

  async read(key: string, bounds?: Bounds): Promise<Readable | undefined> {
    try {
      return await download(this.#client, this.#bucket.name, this.#prefix.nameOf(key), bounds)
    } catch (error) {
      return isMissing(error) ? undefined : failed(`reading ${key}`, error)
    }
  }

  async put(key: string, content: Buffer, contentType: string): Promise<void> {
    try {
      await this.#file(key).save(content, { resumable: false, validation: 'md5', contentType })
    } catch (error) {
      failed(`writing ${key}`, error)
    }
  }

  async putNew(key: string, content: Buffer, contentType: string): Promise<boolean> {
    const options = { resumable: false, validation: 'md5', contentType } as const
    try {
      await this.#file(key).save(content, { ...options, preconditionOpts: { ifGenerationMatch: 0 } })
      return true
    } catch (error) {
      return isTaken(error) ? false : failed(`writing ${key}`, error)
    }
  }

  async putBlob(file: SpooledBlob): Promise<void> {
    const key = blobKey(file.digest)
    const parts = file.size > partSize ? { resumable: true, chunkSize: partSize } : { resumable: false }
    try {
      await this.#bucket.upload(file.path, {
        ...parts,
        destination: this.#prefix.nameOf(key),
        // Sent first, so that a damaged upload never becomes an object.
        metadata: { contentType: blobType, metadata: metadataOf(file), md5Hash: await md5Of(file.path) },
        validation: false,
      })
    } catch (error) {
      failed(`writing ${key}`, error)
    }
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    const query = { prefix: this.#prefix.nameOf(`${folder}/`) }
    try {
      for await (const found of filesIn(this.#bucket.getFilesStream(query))) {
        const key = this.#prefix.keyOf(found.name)
        const { size, timeCreated = '' } = found.metadata
        if (isKey(key)) yield { key, size: Number(size), modified: Date.parse(timeCreated) }
      }
    } catch (error) {
      failed(`listing ${folder}`, error)
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#file(key).delete()
    } catch (error) {
      if (!isMissing(error)) failed(`deleting ${key}`, error)
    }
  }

  #file(key: string) {
    return this.#bucket.file(this.#prefix.nameOf(key))
  }
}

type GoogleFile = ReturnType<GoogleBucket['file']>

/** The files in the client's stream. */
function filesIn(stream: Readable): AsyncIterable<GoogleFile> {
  return stream
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('base64')
}
