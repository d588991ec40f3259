import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wideComments } from './commentWidth.ts'

const wide = 'word '.repeat(30)

test('a line of a comment ends at the print width, its indentation included', () => {
  assert.deepEqual(wideComments('a.ts', `code()\n  // ${wide}`), [
    `a.ts:2 is a comment of ${wide.length + 5} columns: at most 110`,
  ])
  assert.equal(wideComments('a.ts', `/**\n * ${wide}\n */`).length, 1)
  assert.deepEqual(wideComments('a.ts', '// short'), [])
})

test('code is left to the formatter, and an address cannot be cut', () => {
  assert.deepEqual(wideComments('a.ts', `const text = '${wide}'`), [])
  assert.deepEqual(wideComments('a.ts', `// https://example.org/${'a'.repeat(100)}`), [])
})
