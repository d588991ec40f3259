/** Where in Google Cloud Storage blobs and records are kept. The client finds the credentials. */
export interface GcsOptions {
  readonly bucket: string
  /** Folder in the bucket, such as `nixery` or `a/b`; empty for the bucket itself. */
  readonly prefix: string
  /** The address of an emulator, which needs no credentials. */
  readonly endpoint?: string | undefined
}
