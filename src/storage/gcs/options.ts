/** Where in Google Cloud Storage things are kept. Credentials are the client's business. */
export interface GcsOptions {
  readonly bucket: string
  /** Folder in the bucket, such as `nixery` or `a/b`; empty for the bucket itself. */
  readonly prefix: string
  /** Another address than Google's: that of an emulator, which asks for no credentials. */
  readonly endpoint?: string | undefined
}
