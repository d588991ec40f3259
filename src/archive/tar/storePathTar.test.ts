import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PackingFailed, StorePathMissing } from '../../errors.ts'
import { isInStore, storePathTar } from './storePathTar.ts'
import type { StorePathContent } from '../packer.ts'
import { storePathOf, temporaryFolder, TestStore } from '../testing.ts'

const mebibyte = 2 ** 20

/** The pieces of a store path's tar, copied, because each is good only until the next one. */
function piecesOf(content: StorePathContent, store: TestStore, size = mebibyte): Buffer[] {
  return storePathTar(content, store.folder, Buffer.alloc(size))
    .map(({ bytes }) => Buffer.from(bytes))
    .toArray()
}

function tarOf(store: TestStore, name: string): Buffer {
  return Buffer.concat(piecesOf(store.registered(storePathOf(name)), store))
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
  const folder = temporaryFolder(t)
  execFileSync('tar', ['--extract', '--preserve-permissions', '--delay-directory-restore', '-C', folder], {
    input: archive,
  })
  return inventory(folder)
}

/** A store path with everything in it that is hard. */
function addOdd(store: TestStore, name: string): void {
  const root = store.at(storePathOf(name))
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
}

test('a tree with odd names is unpacked by tar as it was, with the modes and times of the store', (t) => {
  const store = new TestStore(t)
  addOdd(store, 'odd')
  const unpacked = unpack(t, tarOf(store, 'odd'))
  const source = inventory(store.folder).map((line) =>
    line
      .replace(/ 644 [\d.]+ /, ' 444 1000 ')
      .replace(/ 755 [\d.]+ /, ' 555 1000 ')
      .replace(/ 755 [\d.]+\/$/, ' 555 1000/'),
  )
  assert.deepEqual(
    unpacked.slice(2),
    source.map((line) => `/nix/store${line}`),
  )
})

test('the NAR size of a tree is what Nix says', (t) => {
  const store = new TestStore(t)
  addOdd(store, 'odd')
  const path = storePathOf('odd')
  const nar = execFileSync('nix-store', ['--dump', store.at(path)], { maxBuffer: 2 ** 24 })
  assert.equal(store.registered(path).narSize, nar.length)
})

test('a store path may be a file or a link', (t) => {
  const store = new TestStore(t)
  const [file, link] = [storePathOf('file'), storePathOf('link')]
  writeFileSync(store.at(file), 'text')
  symlinkSync(file, store.at(link))
  assert.deepEqual(unpack(t, tarOf(store, 'file')).slice(2), [
    `${file} 444 1000 ${Buffer.from('text').toString('hex')}`,
  ])
  assert.deepEqual(unpack(t, tarOf(store, 'link')).slice(2), [`${link} 777 -> ${file}`])
})

test('neither the order of the file system matters, nor do other modes', (t) => {
  const [first, second] = [new TestStore(t), new TestStore(t)]
  const path = storePathOf('a')
  const names = Array.from({ length: 40 }, (_, i) => `${i * 7919}`)
  for (const { store, order } of [
    { store: first, order: names },
    { store: second, order: names.toReversed() },
  ]) {
    mkdirSync(store.at(path))
    for (const name of order) writeFileSync(join(store.at(path), name), name)
  }
  chmodSync(join(second.at(path), '0'), 0o600)
  const archive = tarOf(first, 'a')
  assert.deepEqual(tarOf(second, 'a'), archive)
  const listed = execFileSync('tar', ['--list'], { input: archive }).toString().trimEnd().split('\n')
  assert.deepEqual(listed, listed.toSorted())
})

test('pieces of any size are the same bytes, each as long as its buffer, and the last is known', (t) => {
  const store = new TestStore(t)
  addOdd(store, 'odd')
  const content = store.registered(storePathOf('odd'))
  const whole = tarOf(store, 'odd')
  for (const blocks of [1, 2, 3, 5, 8, whole.length / 512, whole.length / 512 + 1]) {
    const size = blocks * 512
    const lasts = storePathTar(content, store.folder, Buffer.alloc(size))
      .map(({ isLast }) => isLast)
      .toArray()
    assert.deepEqual(
      lasts,
      lasts.map((_, at) => at === lasts.length - 1),
    )
    const pieces = piecesOf(content, store, size)
    assert.deepEqual(Buffer.concat(pieces), whole)
    assert.ok(pieces.slice(0, -1).every(({ length }) => length === size))
    assert.ok((pieces.at(-1)?.length ?? 0) > 0)
  }
})

test('a store path that is not there is told by its name', (t) => {
  const store = new TestStore(t)
  const content = { path: storePathOf('gone'), narHash: '', narSize: 1 }
  assert.equal(isInStore(content.path, store.folder), false)
  assert.throws(
    () => piecesOf(content, store),
    (error) => error instanceof StorePathMissing && error.path === content.path,
  )
})

test('a store path that lacks a file, or the end of one, is not taken for a whole one', (t) => {
  const store = new TestStore(t)
  const content = store.add('half', { a: Buffer.alloc(1000), b: Buffer.alloc(1000) })
  const file = join(store.at(content.path), 'b')
  for (const damage of [() => truncateSync(file, 900), () => rmSync(file)]) {
    damage()
    assert.throws(
      () => piecesOf(content, store),
      (error) => error instanceof StorePathMissing && /is not whole in the store/.test(error.message),
    )
  }
})

test('what is neither a file, a directory nor a link is refused', (t) => {
  const store = new TestStore(t)
  const path = storePathOf('pipe')
  execFileSync('mkfifo', [store.at(path)])
  assert.throws(
    () => piecesOf({ path, narHash: '', narSize: 1 }, store),
    (error) =>
      error instanceof PackingFailed && /-pipe is neither a file, a directory nor a link/.test(error.message),
  )
})

test('a file that grows or shrinks while it is read is an error, not a broken archive', (t) => {
  const store = new TestStore(t)
  for (const change of [appendFileSync, (path: string) => truncateSync(path, 2 ** 20)]) {
    const { path, ...content } = store.add('changing', Buffer.alloc(2 ** 21))
    const pieces = storePathTar({ path, ...content }, store.folder, Buffer.alloc(mebibyte))
    pieces.next()
    change(store.at(path), 'x')
    assert.throws(() => pieces.toArray(), /-changing changed its size while it was read/)
  }
})
