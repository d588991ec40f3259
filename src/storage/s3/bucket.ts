import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { hexOf } from '../../oci/digest.ts'
import {
  blobType,
  metadataOf,
  digestInMetadata,
  type SpooledBlob,
  type Bounds,
  type Bucket,
} from '../bucket/bucket.ts'
import { Prefix } from '../bucket/prefix.ts'
import type { ObjectState } from '../bucket/bucket.ts'
import type { StoredObject } from '../interfaces.ts'
import { isKey } from '../key.ts'
import { blobKey } from '../layout.ts'
import { failed, isMissing, isTaken, isUnsupported } from './faults.ts'
import type { S3Options } from './options.ts'

/** A blob up to this size (bytes) is put in one request; a larger one in parts of this size. */
const partSize = 16 << 20
/** Parts that are in memory at once. */
const partsAtOnce = 3
/** Parts that an upload may have (Amazon S3, "multipart upload limits"). */
const maxParts = 10_000

/** A bucket of S3, or of a compatible store. */
export class S3Bucket implements Bucket {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: Prefix
  readonly #encryption: Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'>

  constructor(client: S3Client, { bucket, prefix, encryption, kmsKey }: S3Options) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = new Prefix(prefix)
    this.#encryption = {
      ...(encryption === undefined ? {} : { ServerSideEncryption: encryption }),
      ...(kmsKey === undefined ? {} : { SSEKMSKeyId: kmsKey }),
    }
  }

  async state(key: string): Promise<ObjectState | undefined> {
    try {
      const head = await this.#client.send(new HeadObjectCommand(this.#place(key)))
      const size = head.ContentLength ?? 0
      return { size, version: head.ETag ?? '', digest: digestInMetadata(head.Metadata, size) }
    } catch (error) {
      return isMissing(error) ? undefined : failed(`looking for ${key}`, error)
    }
  }

  async read(key: string, bounds?: Bounds): Promise<Readable | undefined> {
    const range = bounds && { Range: `bytes=${bounds.start}-${bounds.end}` }
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#place(key), ...range }))
      if (!(Body instanceof Readable)) throw new TypeError('an answer without a body')
      return Body
    } catch (error) {
      return isMissing(error) ? undefined : failed(`reading ${key}`, error)
    }
  }

  async put(key: string, content: Buffer, contentType: string): Promise<void> {
    await this.#put({ ...this.#place(key), Body: content, ContentType: contentType })
  }

  async putNew(key: string, content: Buffer, contentType: string): Promise<boolean> {
    const object = { ...this.#place(key), Body: content, ContentType: contentType, IfNoneMatch: '*' }
    try {
      await this.#client.send(new PutObjectCommand({ ...object, ...this.#encryption }))
      return true
    } catch (error) {
      if (isTaken(error)) return false
      return isUnsupported(error)
        ? this.#putIfMissing(key, content, contentType)
        : failed(`writing ${key}`, error)
    }
  }

  async putBlob(file: SpooledBlob): Promise<void> {
    const object = {
      ...this.#place(blobKey(file.digest)),
      ContentType: blobType,
      Metadata: metadataOf(file),
    }
    if (file.size > partSize) return this.#putParts(file, object)
    const sum = Buffer.from(hexOf(file.digest), 'hex').toString('base64')
    await this.#put({ ...object, Body: await readFile(file.path), ChecksumSHA256: sum })
  }

  async *list(folder: string): AsyncIterable<StoredObject> {
    const input = { Bucket: this.#bucket, Prefix: this.#prefix.nameOf(`${folder}/`) }
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, input)) {
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          const key = this.#prefix.keyOf(Key)
          if (isKey(key)) yield { key, size: Size, modified: LastModified?.getTime() ?? 0 }
        }
      }
    } catch (error) {
      failed(`listing ${folder}`, error)
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#place(key)))
    } catch (error) {
      if (!isMissing(error)) failed(`deleting ${key}`, error)
    }
  }

  /** For stores that have no conditional writes: of two callers at the same moment, both may win. */
  async #putIfMissing(key: string, content: Buffer, contentType: string): Promise<boolean> {
    if (await this.state(key)) return false
    await this.put(key, content, contentType)
    return true
  }

  async #put(object: PutObjectCommandInput): Promise<void> {
    try {
      await this.#client.send(new PutObjectCommand({ ...object, ...this.#encryption }))
    } catch (error) {
      failed(`writing ${object.Key}`, error)
    }
  }

  async #putParts({ path, size }: SpooledBlob, object: PutObjectCommandInput): Promise<void> {
    const content = createReadStream(path)
    const upload = new Upload({
      client: this.#client,
      params: { ...object, ...this.#encryption, Body: content },
      partSize: Math.max(partSize, Math.ceil(size / maxParts)),
      queueSize: partsAtOnce,
    })
    try {
      await upload.done()
    } catch (error) {
      failed(`writing ${object.Key}`, error)
    } finally {
      content.destroy()
    }
  }

  #place(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix.nameOf(key) }
  }
}
