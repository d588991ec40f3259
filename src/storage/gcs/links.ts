import type { Storage as Client } from '@google-cloud/storage'
import { LRUCache } from 'lru-cache'
import type { Digest } from '../../oci/digest.ts'
import { Prefix } from '../bucket/prefix.ts'
import type { SignsUrls } from '../interfaces.ts'
import { blobKey } from '../layout.ts'
import type { GcsOptions } from './options.ts'

/** Links that are kept in memory: without a private key, each link costs a request to Google's IAM. */
const rememberedLinks = 10_000
/** A link is handed out again during this part of its lifetime. */
const youth = 0.5
/** Milliseconds after which signing is tried again, and public access checked again. */
const opinionLasts = 300_000
/** Milliseconds for a request for a public object. */
const lookTimeout = 5_000

/** What to do while links cannot be signed. */
interface Opinion {
  readonly until: number
  readonly isPublic: boolean
}

/**
 * Links to blobs: signed (V4) if there is a key or the right to sign by IAM, else plain if everybody may read
 * the bucket, else none.
 */
export class GcsLinks implements SignsUrls {
  readonly #client: Client
  readonly #bucket: string
  readonly #prefix: Prefix
  readonly #lifetime: number
  readonly #signed: LRUCache<Digest, URL>
  #opinion: Opinion | undefined

  /** @param lifetime seconds for which a link is valid */
  constructor(client: Client, { bucket, prefix }: GcsOptions, lifetime: number) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = new Prefix(prefix)
    this.#lifetime = lifetime
    this.#signed = new LRUCache({ max: rememberedLinks, ttl: lifetime * 1000 * youth })
  }

  async url(digest: Digest): Promise<URL | undefined> {
    if (this.#opinion && this.#opinion.until > Date.now()) return this.#plain(digest, this.#opinion)
    const known = this.#signed.get(digest)
    if (known) return known
    try {
      const url = await this.#sign(digest)
      this.#signed.set(digest, url)
      return url
    } catch {
      // There are no credentials, no key or no right to sign, or Google's IAM is down. The server can still
      // send the bytes itself.
      const isPublic = await isReadable(this.#plainUrl(digest))
      this.#opinion = { until: Date.now() + opinionLasts, isPublic }
      return this.#plain(digest, this.#opinion)
    }
  }

  async #sign(digest: Digest): Promise<URL> {
    const file = this.#client.bucket(this.#bucket).file(this.#prefix.nameOf(blobKey(digest)))
    const expires = Date.now() + this.#lifetime * 1000
    const [url] = await file.getSignedUrl({ version: 'v4', action: 'read', expires })
    return new URL(url)
  }

  #plain(digest: Digest, { isPublic }: Opinion): URL | undefined {
    return isPublic ? this.#plainUrl(digest) : undefined
  }

  #plainUrl(digest: Digest): URL {
    const path = [this.#bucket, ...this.#prefix.nameOf(blobKey(digest)).split('/')]
    return new URL(`/${path.map(encodeURIComponent).join('/')}`, this.#client.apiEndpoint)
  }
}

async function isReadable(url: URL): Promise<boolean> {
  const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(lookTimeout) }).catch(
    () => undefined,
  )
  return answer?.ok === true
}
