import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLayerTable } from '../layers/layerTable.ts'
import { effectAsText } from './renderEffect.ts'

const made = '2026-11-24T00:00:00.000Z'
const now = Date.parse('2026-11-24T05:10:00.000Z')
const table = createLayerTable({
  made,
  origin: 'nixos-26.11 (3f1c)',
  sharing: { forests: [], needed: new Map() },
  popularity: new Map(),
})
const effect = { made, origin: table.origin, known: 0.974, images: 12, bytes: 2 ** 20, bytesWithout: 3 << 20 }

test('a table is described by its age, what it knows and what it does', () => {
  assert.equal(
    effectAsText({ table, isFinal: true }, effect, now),
    `The layer table was made 5 h ago, of nixos-26.11 (3f1c).
It knows 97 % of the packages in the images that this storage has of the revision.
These are 12 images, with 1.0 MiB in different layers. Without the table it would be 3.0 MiB.
`,
  )
  const unused = { ...effect, images: 0 }
  assert.match(
    effectAsText({ table, isFinal: true }, unused, now),
    /^The layer table was made 5 h ago, .*\.\n$/,
  )
})

test('a revision without a table has none yet, or for ever', () => {
  const none = (isFinal: boolean) => effectAsText({ table: undefined, isFinal }, undefined, now)
  assert.match(none(false), /^There is no layer table yet\./)
  assert.match(none(true), /never gets one\.\n$/)
})
