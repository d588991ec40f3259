import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  BlobUnknown,
  EvaluationRefused,
  ImageNotBuilt,
  ManifestUnknown,
  StorageFailed,
  type NixeryError,
} from '../errors.ts'
import { CollectionLeases } from '../gc/collectionLeases.ts'
import { putText, storeImage } from '../gc/testing.ts'
import { parseImageName } from '../image/name.ts'
import { createLogger } from '../logger.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { manifestSchema } from '../oci/parse.ts'
import { architectures } from '../oci/platform.ts'
import { blobKey } from '../storage/layout.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { Catalog } from './catalog.ts'
import { GzipLayers } from './gzipLayers.ts'
import type { Image } from './imageMaker.ts'
import { ImageRecords } from './imageRecords.ts'
import { Images } from './images.ts'
import { NameIndex } from './nameIndex.ts'
import { ManifestVariants, type TaggedImage, type VariantType } from './manifestVariants.ts'

const logger = createLogger('silent')
const name = parseImageName('shell')

/**
 * A door, behind which an image is the layer with the name of its architecture, for each of two platforms.
 */
function setUp(context: TestContext) {
  const storage = createMemoryStorage()
  const leases = new CollectionLeases({ storage, grace: 60, logger })
  context.after(() => leases.stop())
  const records = new ImageRecords(storage, leases)
  const variants = new ManifestVariants(storage.blobs, new GzipLayers(storage))
  const made: string[] = []
  const make = async (layer: string): Promise<Image> => {
    made.push(layer)
    const manifest = await storeImage(storage, layer)
    return { manifest, ...manifestSchema.parse(JSON.parse(manifest.bytes.toString())) }
  }
  const find = async (layer: string): Promise<Image> => {
    const known = await records.find(layer)
    if (known) return known
    const image = await make(layer)
    await records.save(layer, image)
    return image
  }
  const resolve = async (): Promise<TaggedImage> => {
    const [first, ...others] = await Promise.all(
      architectures.map(async (architecture) => ({
        platform: { os: 'linux' as const, architecture },
        image: await find(architecture),
      })),
    )
    assert.ok(first)
    return { platforms: [first, ...others], open: true, evaluated: { revision: 'path:1', packages: [] } }
  }
  const doorTo = (tags: { resolve(): Promise<TaggedImage> }) =>
    new Images({
      tags,
      variants,
      records,
      leases,
      catalog: new Catalog(storage.records),
      nameIndex: new NameIndex(storage.records, storage.blobs),
      storage,
    })
  const remove = (digest: Digest) => storage.objects.delete(blobKey(digest))
  return { storage, made, resolve, doorTo, remove, images: doorTo({ resolve }) }
}

/** A layer that every image for this platform has. */
const layer = digestOf('amd64')
const choosing = (type: VariantType) => () => type

const indexes = [mediaTypes.ociIndex, mediaTypes.dockerManifestList] as const
const variants = [...indexes, mediaTypes.dockerManifest] as const
const types = [...variants, mediaTypes.ociManifest] as const

describe('a manifest by its tag', () => {
  for (const type of types) {
    it(`is made once as ${type}`, async (context) => {
      const { images, made } = setUp(context)
      const first = await images.manifestByTag(name, 'latest', choosing(type))
      const second = await images.manifestByTag(name, 'latest', choosing(type))
      assert.equal(first.descriptor.mediaType, type)
      assert.deepEqual(second, first)
      assert.deepEqual(await images.manifestByDigest(first.descriptor.digest), first)
      assert.deepEqual(made, [...architectures])
    })

    it(`is made again as ${type} when a request shows that a layer is missing`, async (context) => {
      const { images, made, remove } = setUp(context)
      const before = await images.manifestByTag(name, 'latest', choosing(type))
      await remove(layer)
      await assert.rejects(images.blob(layer), BlobUnknown)
      await assert.rejects(images.manifestByDigest(before.descriptor.digest), ManifestUnknown)
      assert.deepEqual(await images.manifestByTag(name, 'latest', choosing(type)), before)
      assert.equal((await images.blob(layer)).size, 'amd64'.length)
      assert.deepEqual(made, [...architectures, 'amd64'])
    })

    it(`is stored again as ${type} when its own blob is missing`, async (context) => {
      const { images, remove } = setUp(context)
      const before = await images.manifestByTag(name, 'latest', choosing(type))
      await remove(before.descriptor.digest)
      await assert.rejects(images.manifestByDigest(before.descriptor.digest), ManifestUnknown)
      await images.manifestByTag(name, 'latest', choosing(type))
      assert.deepEqual(await images.manifestByDigest(before.descriptor.digest), before)
    })
  }

  for (const type of variants) {
    it(`is made again as ${type} when a layer vanishes meanwhile`, async (context) => {
      const { images, made, remove } = setUp(context)
      let removed: Promise<void> | undefined
      const manifest = await images.manifestByTag(name, 'latest', () => {
        removed ??= remove(layer)
        return type
      })
      await removed
      assert.deepEqual(await images.manifestByDigest(manifest.descriptor.digest), manifest)
      assert.deepEqual(made, [...architectures, 'amd64'])
    })
  }

  it('is tried again when a build finds that a blob is missing', async (context) => {
    const { doorTo, resolve } = setUp(context)
    const faults: NixeryError[] = [new BlobUnknown(layer), new ImageNotBuilt('b1', new BlobUnknown(layer))]
    const images = doorTo({
      resolve: async () => {
        const fault = faults.pop()
        if (fault) throw fault
        return resolve()
      },
    })
    const { descriptor } = await images.manifestByTag(name, 'latest', choosing(mediaTypes.ociIndex))
    assert.equal(descriptor.mediaType, mediaTypes.ociIndex)
  })

  it('fails when blobs of it vanish again and again', async (context) => {
    const { images, made, remove } = setUp(context)
    const removing: Promise<void>[] = []
    const vanishing = images.manifestByTag(name, 'latest', () => {
      removing.push(remove(layer))
      return mediaTypes.ociIndex
    })
    await assert.rejects(vanishing, StorageFailed)
    await Promise.all(removing)
    assert.equal(made.filter((one) => one === 'amd64').length, 3)
  })

  it('is not tried again after another error', async (context) => {
    const { doorTo } = setUp(context)
    const refusal = new ImageNotBuilt('b1', new EvaluationRefused('steam', 'steam is unfree'))
    let asked = 0
    const images = doorTo({
      resolve: async () => {
        asked += 1
        throw refusal
      },
    })
    await assert.rejects(images.manifestByTag(name, 'latest', choosing(mediaTypes.ociIndex)), refusal)
    assert.equal(asked, 1)
  })
})

describe('a manifest by its digest', () => {
  it('is unknown if the blob is missing, is no manifest, or is too large for one', async (context) => {
    const { images, storage } = setUp(context)
    const mediaType = mediaTypes.ociManifest
    const small = JSON.stringify({ mediaType, padding: '' })
    const large = JSON.stringify({ mediaType, padding: 'x'.repeat(4 << 20) })
    for (const text of ['amd64', '{}', small, large]) {
      const { digest } = await putText(storage, text)
      await assert.rejects(images.manifestByDigest(digest), ManifestUnknown)
    }
    await assert.rejects(images.manifestByDigest(digestOf('nobody')), ManifestUnknown)
  })
})
