import { resolve } from 'node:path'
import { createFilesystemStorage } from './filesystem/filesystem.ts'
import { modesOf } from './filesystem/modes.ts'
import type { GcsOptions } from './gcs/options.ts'
import type { Storage } from './interfaces.ts'
import type { S3Options } from './s3/options.ts'
import { assemble, type Closes } from '../work/lifetime.ts'

/** Which storage, and where. */
export type StorageConfig =
  | { readonly kind: 'filesystem'; readonly path: string; readonly mode: number }
  | { readonly kind: 's3'; readonly options: S3Options }
  | { readonly kind: 'gcs'; readonly options: GcsOptions }

interface StorageSettings {
  /** Folder of this machine for blobs on their way to a bucket. */
  readonly spool: string
  /** Seconds for which links into a bucket are valid. Undefined: all downloads pass through the server. */
  readonly linkLifetime: number | undefined
}

/** Opens a storage. A bucket's client is loaded only if it is used. @throws StorageFailed */
export async function createStorage(
  config: StorageConfig,
  { spool, linkLifetime }: StorageSettings,
): Promise<Storage & Closes> {
  switch (config.kind) {
    case 'filesystem':
      return assemble(() => createFilesystemStorage(resolve(config.path), modesOf(config.mode)))
    case 's3': {
      const { createS3Storage } = await import('./s3/s3.ts')
      return createS3Storage(config.options, spool, linkLifetime)
    }
    case 'gcs': {
      const { createGcsStorage } = await import('./gcs/gcs.ts')
      return createGcsStorage(config.options, spool, linkLifetime)
    }
  }
}
