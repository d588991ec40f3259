import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { serverTar } from './serverTar.ts'
import { endOfArchive } from './tarHeader.ts'
import { temporaryFolder } from '../testing.ts'

test("entries of the server's own keep their order, modes and content", (t) => {
  const entries = [
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    { kind: 'directory', path: 'etc', mode: 0o755 },
    { kind: 'file', path: 'etc/passwd', mode: 0o640, content: Buffer.from('root') },
    { kind: 'link', path: 'bin', target: '/usr/bin' },
  ] as const
  const input = Buffer.concat([...serverTar(entries), endOfArchive])
  assert.equal(execFileSync('tar', ['--list'], { input }).toString(), 'tmp/\netc/\netc/passwd\nbin\n')
  const folder = temporaryFolder(t)
  execFileSync('tar', ['--extract', '--preserve-permissions', '-C', folder], { input })
  const mode = (path: string) => lstatSync(join(folder, path)).mode & 0o7777
  assert.deepEqual(['tmp', 'etc', 'etc/passwd'].map(mode), [0o1777, 0o755, 0o640])
  assert.equal(lstatSync(join(folder, 'etc/passwd')).mtimeMs, 1000)
  assert.equal(readFileSync(join(folder, 'etc/passwd'), 'utf8'), 'root')
  assert.equal(readlinkSync(join(folder, 'bin')), '/usr/bin')
})
