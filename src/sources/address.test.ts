import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutSecrets } from '../work/redact.ts'
import { splitAddress } from './address.ts'

test('user and password are taken out of an address of the web', () => {
  assert.deepEqual(splitAddress('https://me:p%40ss@host:8443/a/b?c'), {
    address: 'https://host:8443/a/b?c',
    credentials: { username: 'me', password: 'p@ss' },
  })
  assert.deepEqual(splitAddress('https://token@host/a'), {
    address: 'https://host/a',
    credentials: { username: 'token', password: '' },
  })
  assert.deepEqual(splitAddress('http://a:b@c@host/x'), {
    address: 'http://host/x',
    credentials: { username: 'a', password: 'b@c' },
  })
})

test('other addresses stay as they are', () => {
  for (const address of ['git@host:a/b.git', 'ssh://git@host/a', '/srv/set', 'https://host/a@b'])
    assert.deepEqual(splitAddress(address), { address })
})

test('ATTACK: text that quotes an address has none of its secrets', () => {
  const secrets = [
    "'https://me:secret@host/a'",
    'https://se@cret@host/a',
    'http://host/a?private_token=secret',
  ]
  for (const text of secrets) assert.doesNotMatch(withoutSecrets(`cannot read ${text}: 403`), /secret|cret@/)
  assert.equal(
    withoutSecrets("unable to access 'https://me:secret@host/a?b=c/': 403 (see git@host:x)"),
    "unable to access 'https://host/a': 403 (see git@host:x)",
  )
})
