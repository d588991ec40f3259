import { setTimeout as sleep } from 'node:timers/promises'
import type { Encoded } from '../oci/descriptor.ts'
import { encodeManifest } from '../oci/manifest.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import type { Storage, StoredBlob } from '../storage/interfaces.ts'

export function putText({ blobs }: Storage, text: string | Buffer): Promise<StoredBlob> {
  return blobs.put(async (sink) => void sink.write(text))
}

/** Stores an image whose config and layers contain what they are called. */
export async function storeImage(storage: Storage, ...layers: readonly string[]): Promise<Encoded> {
  const blobs = await Promise.all(['config', ...layers].map((name) => putText(storage, name)))
  const [config, ...rest] = blobs.map((blob) => ({ mediaType: mediaTypes.ociLayerGzip, ...blob }))
  if (!config) throw new Error('an image without a config')
  const manifest = encodeManifest(config, rest)
  await putText(storage, manifest.bytes)
  return manifest
}

/** Keys of everything below a folder. */
export async function keysOf(storage: Storage, folder: string): Promise<ReadonlySet<string>> {
  return new Set((await Array.fromAsync(storage.objects.list(folder))).map(({ key }) => key))
}

/** A storage that is slow: it waits before and after everything that it does. */
export function jittery(storage: Storage): Storage {
  const wait = () => sleep(Math.random() * 8)
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    await wait()
    const result = await work()
    await wait()
    return result
  }
  return {
    blobs: {
      stat: (digest) => slowly(() => storage.blobs.stat(digest)),
      open: (digest, range) => slowly(() => storage.blobs.open(digest, range)),
      put: (write) => slowly(() => storage.blobs.put(write)),
    },
    records: {
      get: (key) => slowly(() => storage.records.get(key)),
      put: (key, value) => slowly(() => storage.records.put(key, value)),
      create: (key, value) => slowly(() => storage.records.create(key, value)),
      async *list(folder) {
        yield* await slowly(() => Array.fromAsync(storage.records.list(folder)))
      },
    },
    objects: {
      delete: (key) => slowly(() => storage.objects.delete(key)),
      async *list(folder) {
        yield* await slowly(() => Array.fromAsync(storage.objects.list(folder)))
      },
    },
  }
}
