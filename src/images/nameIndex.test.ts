import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeImage } from '../gc/testing.ts'
import { parseImageName, type ImageRequest } from '../image/name.ts'
import { StorageFailed } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { NameIndex } from './nameIndex.ts'

const git = parseImageName('git/htop')
const factsOf = (digest: Digest) => ({ digest, revision: 'path:1', packages: [] })
const tagsOf = async (index: NameIndex, name: ImageRequest, digest: Digest) =>
  (await index.contentsWith(name, digest)).map(({ tag }) => tag)

test('a name has the manifests that it stood for, and what they refer to, on every server', async () => {
  const storage = createMemoryStorage()
  const { descriptor } = await storeImage(storage, 'layer')
  const index = () => new NameIndex(storage.records, storage.blobs)
  const first = index()
  await first.record(git, 'v1', factsOf(descriptor.digest))
  await first.record(git, 'v2', factsOf(descriptor.digest))
  for (const server of [first, index()]) {
    for (const digest of [descriptor.digest, digestOf('layer')])
      assert.deepEqual((await tagsOf(server, git, digest)).toSorted(), ['v1', 'v2'])
    // Another order of packages is the same image.
    assert.equal((await tagsOf(server, parseImageName('htop/git'), descriptor.digest)).length, 2)
    assert.equal((await tagsOf(server, parseImageName('htop'), descriptor.digest)).length, 0)
    assert.equal((await tagsOf(server, git, digestOf('something else'))).length, 0)
  }
})

test('an index learns what another server has recorded meanwhile', async () => {
  const storage = createMemoryStorage()
  const { descriptor } = await storeImage(storage, 'layer')
  const one = new NameIndex(storage.records, storage.blobs)
  const other = new NameIndex(storage.records, storage.blobs)
  await one.record(git, 'v1', factsOf(descriptor.digest))
  await other.record(git, 'v2', factsOf(descriptor.digest))
  assert.equal((await tagsOf(other, git, digestOf('layer'))).includes('v2'), true)
  const { descriptor: newer } = await storeImage(storage, 'newer layer')
  await one.record(git, 'v1', factsOf(newer.digest))
  assert.deepEqual(await tagsOf(other, git, newer.digest), ['v1'])
})

test('a known image is answered while the storage is away, and recorded afterwards', async () => {
  const storage = createMemoryStorage()
  const { descriptor } = await storeImage(storage, 'layer')
  let isAway = true
  const away = <Value>(value: () => Promise<Value>) =>
    isAway ? Promise.reject(new StorageFailed('the storage is away')) : value()
  const records = {
    get: (key: string) => away(() => storage.records.get(key)),
    put: (key: string, value: unknown) => away(() => storage.records.put(key, value)),
    list: (folder: string) => storage.records.list(folder),
  }
  const index = new NameIndex(records, storage.blobs)
  await index.record(git, 'v1', factsOf(descriptor.digest))
  assert.deepEqual(await tagsOf(index, git, descriptor.digest), ['v1'])
  const other = new NameIndex(storage.records, storage.blobs)
  assert.deepEqual(await tagsOf(other, git, descriptor.digest), [])
  isAway = false
  await index.record(git, 'v1', factsOf(descriptor.digest))
  assert.deepEqual(await tagsOf(new NameIndex(storage.records, storage.blobs), git, descriptor.digest), [
    'v1',
  ])
})
