import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PackingFailed } from '../errors.ts'
import { toStorePath, type StorePath } from '../nix/types.ts'
import { tarStream } from './tarStream.ts'

function storePathOf(name: string): StorePath {
  return toStorePath(`/nix/store/${'0'.repeat(32)}-${name}`)
}

/** An empty folder, and where in it a store path lies. */
function emptyStore(t: TestContext): { readonly folder: string; at: (path: StorePath) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'tar-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return { folder, at: (path) => join(folder, path.slice('/nix/store/'.length)) }
}

function tarOf(folder: string, ...storePaths: readonly StorePath[]): Buffer {
  // Copies, because a chunk is good only until the next one.
  const chunks = tarStream({ kind: 'storePaths', storePaths }, folder)
  return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)).toArray())
}

/** One line for each thing below a folder: its path in hex, what it is, its mode, mtime and content. */
function inventory(folder: string): string[] {
  const lines: string[] = []
  const visit = (at: Buffer) => {
    for (const name of readdirSync(at, { encoding: 'buffer' }).toSorted((a, b) => a.compare(b))) {
      const path = Buffer.concat([at, Buffer.from('/'), name])
      const stats = lstatSync(path)
      const shown = `${path.subarray(folder.length).toString('latin1')} ${(stats.mode & 0o7777).toString(8)}`
      if (stats.isSymbolicLink()) lines.push(`${shown} -> ${readlinkSync(path, { encoding: 'latin1' })}`)
      else if (stats.isFile()) lines.push(`${shown} ${stats.mtimeMs} ${readFileSync(path).toString('hex')}`)
      else {
        lines.push(`${shown} ${stats.mtimeMs}/`)
        visit(path)
      }
    }
  }
  visit(Buffer.from(folder))
  return lines
}

/** What the tar program makes of an archive. */
function unpack(t: TestContext, archive: Buffer): string[] {
  const { folder } = emptyStore(t)
  execFileSync('tar', ['--extract', '--preserve-permissions', '--delay-directory-restore', '-C', folder], {
    input: archive,
  })
  return inventory(folder)
}

test('a tree with odd names is unpacked by tar as it was, with the modes and times of the store', (t) => {
  const { folder, at } = emptyStore(t)
  const path = storePathOf('odd')
  const root = at(path)
  const odd = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x80, 0xff])])
  const deep = join(root, ...Array.from({ length: 3 }, (_, i) => String(i).repeat(120)))
  mkdirSync(deep, { recursive: true })
  mkdirSync(join(root, 'empty'))
  writeFileSync(join(root, 'a\nb'), 'newline')
  writeFileSync(odd, 'not UTF-8')
  writeFileSync(join(root, 'ü'.repeat(127)), 'long in bytes')
  writeFileSync(join(root, 'n'.repeat(255)), 'the longest name')
  writeFileSync(join(deep, 'file'), 'deep')
  writeFileSync(join(root, 'nothing'), '')
  writeFileSync(join(root, 'blocks'), 'x'.repeat(1024))
  writeFileSync(join(root, 'program'), '#!/bin/sh\n', { mode: 0o755 })
  linkSync(join(root, 'program'), join(root, 'same program'))
  symlinkSync('t'.repeat(300), join(root, 'long link'))
  symlinkSync(Buffer.from([0xff]), join(root, 'odd link'))
  symlinkSync('/nix/store', join(root, 'link to a directory'))

  const unpacked = unpack(t, tarOf(folder, path))

  const source = inventory(folder).map((line) =>
    line
      .replace(/ 644 [\d.]+ /, ' 444 1000 ')
      .replace(/ 755 [\d.]+ /, ' 555 1000 ')
      .replace(/ 755 [\d.]+\/$/, ' 555 1000/'),
  )
  assert.deepEqual(unpacked, [
    '/nix 755 1000/',
    '/nix/store 755 1000/',
    ...source.map((line) => `/nix/store${line}`),
  ])
})

test('a store path may be a file or a link', (t) => {
  const { folder, at } = emptyStore(t)
  const [file, link] = [storePathOf('file'), storePathOf('link')]
  writeFileSync(at(file), 'text')
  symlinkSync(file, at(link))
  assert.deepEqual(unpack(t, tarOf(folder, link, file)).slice(2), [
    `${file} 444 1000 ${Buffer.from('text').toString('hex')}`,
    `${link} 777 -> ${file}`,
  ])
})

test('neither the order of the store paths nor that of the file system matters, nor do other modes', (t) => {
  const [first, second] = [emptyStore(t), emptyStore(t)]
  const [a, b] = [storePathOf('a'), storePathOf('b')]
  const names = Array.from({ length: 40 }, (_, i) => `${i * 7919}`)
  for (const { store, order } of [
    { store: first, order: names },
    { store: second, order: names.toReversed() },
  ]) {
    for (const path of [a, b]) {
      mkdirSync(store.at(path))
      for (const name of order) writeFileSync(join(store.at(path), name), name)
    }
  }
  chmodSync(join(second.at(a), '0'), 0o600)
  const archive = tarOf(first.folder, a, b)
  assert.deepEqual(tarOf(second.folder, b, a, b), archive)
  const listed = execFileSync('tar', ['--list'], { input: archive }).toString().trimEnd().split('\n')
  assert.deepEqual(listed, listed.toSorted())
})

test("entries of the server's own keep their order and modes", (t) => {
  const entries = [
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    { kind: 'directory', path: 'etc', mode: 0o755 },
    { kind: 'file', path: 'etc/passwd', mode: 0o644, content: Buffer.from('root') },
    { kind: 'link', path: 'bin', target: '/usr/bin' },
  ] as const
  const archive = Buffer.concat([...tarStream({ kind: 'entries', entries }, '/nowhere')])
  assert.equal(
    execFileSync('tar', ['--list'], { input: archive }).toString(),
    'tmp/\netc/\netc/passwd\nbin\n',
  )
  assert.deepEqual(unpack(t, archive), [
    '/bin 777 -> /usr/bin',
    '/etc 755 1000/',
    `/etc/passwd 644 1000 ${Buffer.from('root').toString('hex')}`,
    '/tmp 1777 1000/',
  ])
})

test('a store path that is not there is told by its name', (t) => {
  const { folder } = emptyStore(t)
  assert.throws(
    () => tarOf(folder, storePathOf('gone')),
    (error) => error instanceof PackingFailed && /-gone cannot be read: .*ENOENT/.test(error.message),
  )
})

test('what is neither a file, a directory nor a link is refused', (t) => {
  const { folder, at } = emptyStore(t)
  const path = storePathOf('pipe')
  execFileSync('mkfifo', [at(path)])
  assert.throws(() => tarOf(folder, path), /-pipe is neither a file, a directory nor a link/)
})

test('a file that grows or shrinks while it is read is an error, not a broken archive', (t) => {
  const { folder, at } = emptyStore(t)
  const path = storePathOf('changing')
  for (const change of [() => appendFileSync(at(path), 'x'), () => truncateSync(at(path), 2 ** 20)]) {
    writeFileSync(at(path), Buffer.alloc(2 ** 21))
    const chunks = tarStream({ kind: 'storePaths', storePaths: [path] }, folder)
    const untilContent = 4
    for (let i = 0; i < untilContent; i++) chunks.next()
    change()
    assert.throws(() => chunks.toArray(), /-changing changed its size while it was read/)
  }
})
