import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeImage } from '../gc/testing.ts'
import { parseImageName } from '../image/name.ts'
import { digestOf } from '../oci/digest.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import { NameIndex } from './nameIndex.ts'

const git = parseImageName('git/htop')

test('a name has the manifests that it stood for, and what they refer to, on every server', async () => {
  const storage = createMemoryStorage()
  const { descriptor } = await storeImage(storage, 'layer')
  const index = () => new NameIndex(storage.records, storage.blobs)
  const first = index()
  await first.record(git, 'v1', descriptor.digest)
  await first.record(git, 'v2', descriptor.digest)
  for (const server of [first, index()]) {
    for (const digest of [descriptor.digest, digestOf('layer')])
      assert.deepEqual([...(await server.tagsOf(git, digest))].toSorted(), ['v1', 'v2'])
    // Another order of packages is the same image.
    assert.equal((await server.tagsOf(parseImageName('htop/git'), descriptor.digest)).size, 2)
    assert.equal((await server.tagsOf(parseImageName('htop'), descriptor.digest)).size, 0)
    assert.equal((await server.tagsOf(git, digestOf('something else'))).size, 0)
  }
})

test('an index learns what another server has recorded meanwhile', async () => {
  const storage = createMemoryStorage()
  const { descriptor } = await storeImage(storage, 'layer')
  const [one, other] = [0, 1].map(() => new NameIndex(storage.records, storage.blobs))
  await one?.record(git, 'v1', descriptor.digest)
  await other?.record(git, 'v2', descriptor.digest)
  assert.equal((await other?.tagsOf(git, digestOf('layer')))?.has('v2'), true)
  const { descriptor: newer } = await storeImage(storage, 'newer layer')
  await one?.record(git, 'v1', newer.digest)
  assert.deepEqual([...((await other?.tagsOf(git, newer.digest)) ?? [])], ['v1'])
})
