import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { codeOf, isMissing } from './errno.ts'

test('a system error has its code, and anything else has none', async () => {
  await assert.rejects(readFile('/proc/self/status/x'), (error) => codeOf(error) === 'ENOTDIR')
  assert.equal(codeOf(new Error('ENOENT')), '')
  assert.equal(codeOf({ code: 'ENOENT' }), '')
  assert.equal(codeOf(undefined), '')
})

test('only an error about a file that is not there is one', async () => {
  await assert.rejects(readFile('/nowhere/at/all'), isMissing)
  await assert.rejects(readFile('/'), (error) => !isMissing(error))
})
