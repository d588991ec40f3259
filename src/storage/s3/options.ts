/** Where in S3 blobs and records are kept, and how. The client finds the credentials. */
export interface S3Options {
  readonly bucket: string
  /** The address of a store other than AWS: `https://HOST`. */
  readonly endpoint?: string | undefined
  /** The address of the same store for clients, if it is another. */
  readonly publicEndpoint?: string | undefined
  /** If absent, the client looks where all AWS programs look. */
  readonly region?: string | undefined
  /** The bucket's name is in the path of the URL, not in the host name. */
  readonly pathStyle: boolean
  /** Folder in the bucket, such as `nixery` or `a/b`; empty for the bucket itself. */
  readonly prefix: string
  /** Server-side encryption. If absent, the bucket's default. */
  readonly encryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse' | undefined
  /** The key for `aws:kms`. If absent, the account's own. */
  readonly kmsKey?: string | undefined
}
