import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineSplitter } from './lines.ts'

function linesOf(chunks: readonly string[], maxLine?: number): readonly string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line), maxLine)
  for (const chunk of chunks) splitter.write(Buffer.from(chunk, 'latin1'))
  splitter.end()
  return lines
}

test('lines are whole however the bytes are chunked', () => {
  const text = Buffer.from('one\n\ntwo ‘ü’\r\nthree').toString('latin1')
  const expected = ['one', '', 'two ‘ü’', 'three']
  assert.deepEqual(linesOf([text]), expected)
  assert.deepEqual(linesOf(text.split('')), expected)
})

test('a line break at the end makes no further line', () => {
  assert.deepEqual(linesOf(['one\n']), ['one'])
  assert.deepEqual(linesOf([]), [])
})

test('a line longer than the bound is cut, and the next line is whole', () => {
  assert.deepEqual(linesOf(['abc', 'defgh', 'ij\nnext\n'], 4), ['abcd', 'next'])
})
