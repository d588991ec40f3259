import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidData } from '../errors.ts'
import { growForest, budgetClasses } from './growForest.ts'
import { createLayerTable, decodeLayerTable, encodeLayerTable, forestFor } from './layerTable.ts'
import { nodesFrom } from './testing.ts'

const about = { made: '2026-11-22T10:00:00.000Z', origin: 'a test', revision: 'git:0' }
const sharing = growForest(nodesFrom({ a: [1, 'c'], b: [1, 'c'], c: [5e6], d: [1, 'e'], e: [1] }))
const table = createLayerTable({ ...about, sharing, popularity: new Map([['c-1', 2]]) })

const encoded = (changes: object = {}): unknown =>
  JSON.parse(JSON.stringify({ ...Object(encodeLayerTable(table)), ...changes }))

test('a table is read as it was written', () => {
  assert.deepEqual(decodeLayerTable(encoded(), 'here'), table)
})

test('the identity is that of the contents, not of when and out of what they were made', () => {
  const later = { ...about, made: '2027-01-01T00:00:00.000Z', origin: 'elsewhere' }
  assert.equal(createLayerTable({ ...later, sharing, popularity: table.popularity }).identity, table.identity)
  assert.notEqual(createLayerTable({ ...about, sharing, popularity: new Map() }).identity, table.identity)
  const fewer = growForest(nodesFrom({ a: [1] }))
  const other = createLayerTable({ ...about, sharing: fewer, popularity: table.popularity })
  assert.notEqual(other.identity, table.identity)
})

test('the budget decides which forest is used', () => {
  for (const budget of [1, 39, 40, 79]) {
    assert.deepEqual(Object.fromEntries(forestFor(table, budget)), { c: 'a', e: 'd' })
  }
  assert.deepEqual([...forestFor(table, 94)], [['e', 'd']])
})

test('what is no such table is refused, saying where it is from', () => {
  const forests = (parents: object) => budgetClasses.map(({ budgetFrom }) => ({ budgetFrom, parents }))
  const wrong = [
    {},
    encoded({ format: 2 }),
    encoded({ needed: { a: -1 } }),
    encoded({ forests: [] }),
    encoded({ forests: forests({ a: 'b', b: 'c', c: 'a' }) }),
    encoded({ forests: forests({ a: 'a' }) }),
  ]
  for (const value of wrong) {
    assert.throws(
      () => decodeLayerTable(value, 'here'),
      (error) => error instanceof InvalidData && error.message.includes('(here)'),
      JSON.stringify(value),
    )
  }
})
