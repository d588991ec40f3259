import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Digest } from '../../oci/digest.ts'
import { Prefix } from '../bucket/prefix.ts'
import type { SignsUrls } from '../interfaces.ts'
import { blobKey } from '../layout.ts'
import { failed } from './faults.ts'
import type { S3Options } from './options.ts'

/**
 * Links that carry the server's permission to read one blob. They are signed here, without a request to S3.
 */
export class S3Links implements SignsUrls {
  readonly #signer: S3Client
  readonly #bucket: string
  readonly #prefix: Prefix
  readonly #lifetime: number

  /** @param lifetime seconds for which a link is valid */
  constructor(signer: S3Client, { bucket, prefix }: S3Options, lifetime: number) {
    this.#signer = signer
    this.#bucket = bucket
    this.#prefix = new Prefix(prefix)
    this.#lifetime = lifetime
  }

  async url(digest: Digest): Promise<URL> {
    const object = { Bucket: this.#bucket, Key: this.#prefix.nameOf(blobKey(digest)) }
    try {
      const options = { expiresIn: this.#lifetime }
      return new URL(await getSignedUrl(this.#signer, new GetObjectCommand(object), options))
    } catch (error) {
      return failed('signing a link', error)
    }
  }
}
