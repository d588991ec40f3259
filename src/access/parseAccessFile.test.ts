import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AccessFileError } from './accessFileError.ts'
import { accessJsonSchema } from './accessSchema.ts'
import { parseHtpasswd } from './htpasswd.ts'
import { parseAccessFile } from './parseAccessFile.ts'

function faultsOf(work: () => unknown): readonly string[] {
  try {
    work()
  } catch (error) {
    if (error instanceof AccessFileError) return error.faults
    throw error
  }
  return []
}

test('an access file is read, and what it leaves out has a value', () => {
  const { anonymous, issuers, rules } = parseAccessFile(
    'default: deny\nrules:\n  - packages: [git]\n    action: allow\n',
    'access.yaml',
  )
  assert.equal(anonymous, false)
  assert.deepEqual(issuers, [])
  assert.deepEqual(rules, [{ who: ['anyone'], packages: ['git'], action: 'allow' }])
})

test('all faults of a file are reported at once, each with its line', () => {
  const text = `anonymous: maybe
default: refuse
colour: red
issuers:
  - name: github
    issuer: http://example.org
    audience: nixery
    algorithms: [HS256]
rules:
  - who: [everyone]
    action: allow
  - action: allow
    message: never read
    licence: mit
  - who:
      - issuer: gitlab
    action: deny
`
  const faults = faultsOf(() => parseAccessFile(text, 'access.yaml'))
  const lines = faults.map((fault) => fault.split(': ')[0])
  assert.deepEqual(lines, [
    'access.yaml:1',
    'access.yaml:2',
    'access.yaml:3',
    'access.yaml:6',
    'access.yaml:8',
    'access.yaml:10',
    'access.yaml:14',
  ])
  assert.match(faults.join('\n'), /colour is not known here/)
  assert.match(faults.join('\n'), /rules\[0\]\.who\[0\] must be 'anyone'/)
  assert.match(faults.join('\n'), /rules\[1\]\.licence is not known here/)
})

test('faults between values are reported with their lines', () => {
  const text = `default: deny
rules:
  - action: allow
    message: never read
  - who:
      - issuer: gitlab
    action: deny
`
  assert.deepEqual(
    faultsOf(() => parseAccessFile(text, 'access.yaml')),
    [
      'access.yaml:4: rules[0].message is only for rules that deny',
      "access.yaml:6: rules[1].who[0].issuer 'gitlab' is not in 'issuers'",
    ],
  )
})

test('the default has to be stated', () => {
  assert.deepEqual(
    faultsOf(() => parseAccessFile('rules: []\n', 'access.yaml')),
    ["access.yaml:1: default must be 'allow' or 'deny'"],
  )
})

for (const [what, text] of [
  ['text that is not YAML', 'default: deny\nrules: [\n'],
  ['a key that is there twice', 'default: deny\ndefault: allow\n'],
  ['an empty file', ''],
  ['aliases, a few lines of which can stand for gigabytes', 'default: &a deny\nrules: *a\n'],
] as const) {
  test(`${what} is refused`, () => {
    const [fault] = faultsOf(() => parseAccessFile(text, 'access.yaml'))
    assert.match(fault ?? '(none)', /^access\.yaml:\d+: /)
  })
}

test('users with bcrypt are read; every other line is reported with its number', () => {
  const good = `$2y$05$${'a'.repeat(53)}`
  assert.deepEqual(
    [...parseHtpasswd(`# team\nalice:${good}\n\nbob:${good}\r\n`, 'users').keys()],
    ['alice', 'bob'],
  )
  assert.deepEqual(
    faultsOf(() =>
      parseHtpasswd(`alice:${good}\nbob:{SHA}abc\nalice:${good}\n:x\neve:$2y$31$${'a'.repeat(53)}`, 'users'),
    ),
    [
      "users:2: the password of 'bob' is not hashed with bcrypt (htpasswd -B)",
      "users:3: the user 'alice' is there twice",
      'users:4: a line is USER:HASH',
      "users:5: the cost of the password of 'eve' is 31: at most 14",
    ],
  )
})

test('the published schema is the one that files are checked with', () => {
  const published: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../docs/access.schema.json'), 'utf8'),
  )
  assert.deepEqual(published, JSON.parse(JSON.stringify(accessJsonSchema())))
})
