import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frameOf } from './errorFrame.ts'

const unknown = {
  status: 404,
  code: 'MANIFEST_UNKNOWN',
  message: "package 'gti' is not there, did you mean git?",
}

test('all that depends on the error becomes a placeholder', () => {
  const printed = `Error: reading latest in HOST/shell/gti: manifest unknown: ${unknown.message}; map[build:ID]`
  assert.equal(frameOf(printed, 'shell/gti', unknown), 'Error: reading latest in HOST/NAME: CODE: MESSAGE')
})

test('a message that was cut to fit the status line is the message too', () => {
  const message = `builder for '/nix/store/HASH-a.drv' failed with exit code 1\nIts log:\n‘two’ lines`
  const printed = `unexpected status from HEAD request: 403 builder for '/nix/store/HASH-a.drv' failed with exit code 1 Its log...`
  assert.equal(
    frameOf(printed, 'a', { status: 403, code: 'DENIED', message }),
    'unexpected status from HEAD request: STATUS MESSAGE',
  )
})

test('what a client prints instead of the message stays', () => {
  assert.equal(
    frameOf('ctr: HOST/shell/gti:latest: not found', 'shell/gti', unknown),
    'ctr: HOST/NAME:latest: not found',
  )
})
