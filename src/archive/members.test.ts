import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { members } from './members.ts'

test('members are cut by size alone, however the bytes arrive', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 20 }))
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 16 }), (chunks, size) => {
      const cut = members(chunks, Buffer.alloc(size))
        .map((member) => Buffer.from(member))
        .toArray()
      assert.deepEqual(Buffer.concat(cut), Buffer.concat(chunks))
      assert.ok(cut.slice(0, -1).every(({ length }) => length === size))
      assert.ok(cut.length === 0 || (cut.at(-1)?.length ?? 0) > 0)
    }),
  )
})
