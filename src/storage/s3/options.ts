/** Where in S3 things are kept, and how. Credentials are the client's business. */
export interface S3Options {
  readonly bucket: string
  /** A store that is not of AWS: `https://HOST`. */
  readonly endpoint?: string | undefined
  /** The same store as clients reach it, where that differs. */
  readonly publicEndpoint?: string | undefined
  /** Without it the client looks where all programs of AWS look. */
  readonly region?: string | undefined
  /** Buckets in the path of the URL, not in the host's name. */
  readonly pathStyle: boolean
  /** Folder in the bucket, such as `nixery` or `a/b`; empty for the bucket itself. */
  readonly prefix: string
  /** Server-side encryption of what is put; without it the bucket's own default. */
  readonly encryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse' | undefined
  /** The key for `aws:kms`; without it the account's own. */
  readonly kmsKey?: string | undefined
}
