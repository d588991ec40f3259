import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { compareVersions } from './compareVersions.ts'

const versions = [
  '1.0~~',
  '1.0~rc1-1',
  '1.0',
  '1.0-1',
  '1.0-1+b1',
  '1.0-1+deb12u9',
  '1.0-1+deb12u10',
  '1.0a-1',
  '1.0+dfsg-1',
  '1.0.1',
  '1.9-1',
  '1.10-1',
  '1:0.1-1',
]

test('versions are ordered as dpkg orders them', () => {
  for (const a of versions) {
    for (const b of versions) {
      const older = spawnSync('dpkg', ['--compare-versions', a, 'lt', b]).status === 0
      assert.equal(compareVersions(a, b) < 0, older, `${a} < ${b}`)
    }
  }
})
