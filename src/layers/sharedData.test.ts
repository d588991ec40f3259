import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growForest } from './growForest.ts'
import { createLayerTable } from './layerTable.ts'
import { sharedDataFor } from './sharedData.ts'
import { noData, nodesFrom } from './testing.ts'

const table = createLayerTable({
  made: '2026-01-01T00:00:00.000Z',
  origin: 'a test',
  sharing: growForest(nodesFrom({ a: [1, 'b'], b: [1] })),
  popularity: new Map([['b', 7]]),
})

test('without a table there is nothing but the counts of the operator', () => {
  const counts = new Map([['b', 3]])
  assert.deepEqual(sharedDataFor(94, undefined, undefined), noData)
  assert.deepEqual(sharedDataFor(94, undefined, counts), { ...noData, popularity: counts })
})

test('the counts of the operator are used instead of those of the table', () => {
  const counts = new Map([['b', 3]])
  assert.deepEqual(sharedDataFor(94, table, undefined).popularity, new Map([['b', 7]]))
  const both = sharedDataFor(94, table, counts)
  assert.deepEqual(both.popularity, counts)
  assert.deepEqual(both.forest, new Map([['b', 'a']]))
  assert.equal(both.needed.get('b'), 2)
})
