import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toStorePath } from '../store/storePath.ts'
import { packageKey } from './packageKey.ts'

const keys: Readonly<Record<string, string>> = {
  'glibc-2.39-52': 'glibc',
  'glibc-2.39-52-bin': 'glibc:bin',
  'openssl-3.0.13-dev': 'openssl:dev',
  'python3.11-requests-2.31.0': 'python-requests',
  'python3-3.11.8': 'python3',
  'perl5.38.2-Try-Tiny-0.31': 'perl-Try-Tiny',
  'gtk+3-3.24.41': 'gtk+3',
  'foo-unstable-2024-01-31': 'foo-unstable',
  'foo-v1.2': 'foo',
  'setup-hook.sh': 'setup-hook.sh',
  source: 'source',
}

test('a key has neither hash nor version, but the output', () => {
  for (const [name, key] of Object.entries(keys)) {
    assert.equal(packageKey(toStorePath(`/nix/store/${'0'.repeat(32)}-${name}`)), key, name)
  }
})
