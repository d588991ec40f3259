import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { it } from 'node:test'
import { BlobUnknown } from '../../src/errors.ts'
import { digestOf, hexOf } from '../../src/oci/digest.ts'
import type { Storage } from '../../src/storage/interfaces.ts'

/** Puts an object past the storage, as somebody with another program would. */
export type Smuggle = (
  key: string,
  content: Buffer | string,
  note?: Readonly<Record<string, string>>,
) => Promise<unknown>

/** What holds of any bucket that others can write to as well. */
export function bucketContract(open: () => Promise<Storage>, smuggle: Smuggle): void {
  it('serves what was copied there by hand, once it has hashed it', async () => {
    const { blobs } = await open()
    const bytes = randomBytes(300_000)
    const digest = digestOf(bytes)
    await smuggle(`layers/${hexOf(digest)}`, bytes)
    assert.deepEqual(await blobs.stat(digest), { size: bytes.length })
    assert.ok(bytes.equals(await buffer(await blobs.open(digest))))
  })

  it('does not know a blob that is not what its name or its note says', async () => {
    const { blobs } = await open()
    const digest = digestOf('the whole layer')
    const key = `layers/${hexOf(digest)}`
    const forgeries = [
      () => smuggle(key, 'the whole LAYER'),
      () => smuggle(key, 'the whole', { digest, size: '15' }),
      () => smuggle(key, 'something', { digest: digestOf('something'), size: '9' }),
    ]
    for (const forge of forgeries) {
      await forge()
      assert.equal(await blobs.stat(digest), undefined)
      await assert.rejects(blobs.open(digest), BlobUnknown)
    }
    await blobs.put(async (sink) => void sink.write('the whole layer'))
    assert.deepEqual(await blobs.stat(digest), { size: 15 })
  })

  it('takes a damaged record for a missing one, and lists nothing that is not its own', async () => {
    const { records, objects } = await open()
    await records.put('damaged/record', { a: 1 })
    await smuggle('damaged/record', 'no sum\n{"a":1}\n')
    await smuggle('damaged/.hidden', 'x')
    assert.equal(await records.get('damaged/record'), undefined)
    const listed = await Array.fromAsync(objects.list('damaged'))
    assert.deepEqual(
      listed.map(({ key }) => key),
      ['damaged/record'],
    )
  })
}
