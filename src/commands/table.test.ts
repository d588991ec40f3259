import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alignTable } from './table.ts'

test('columns are as wide as their widest cell, and no line ends with spaces', () => {
  const rows = [
    ['WHAT', 'BYTES', 'WHY'],
    ['blob', '12345678', ''],
    ['an image', '7', 'old'],
  ]
  assert.deepEqual(alignTable(rows, new Set([1])).split('\n'), [
    'WHAT         BYTES  WHY',
    'blob      12345678',
    'an image         7  old',
  ])
})

test('a table without rows is empty', () => {
  assert.equal(alignTable([], new Set()), '')
})
