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
import fc from 'fast-check'
import { PackingFailed, StorePathMissing } from '../errors.ts'
import { isInStore, storePathTar, tarSizeOf } from './storePathTar.ts'
import { storePathOf, temporaryFolder, TestStore } from './testing.ts'

function tarOf(store: TestStore, name: string, from?: number, to?: number): Buffer {
  // Copies, because a chunk is good only until the next one.
  const chunks = storePathTar(store.registered(storePathOf(name)), store.folder, from, to)
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

test('ranges put together are the whole, wherever they are cut', (t) => {
  const store = new TestStore(t)
  addOdd(store, 'odd')
  const whole = tarOf(store, 'odd')
  assert.equal(tarSizeOf(store.registered(storePathOf('odd')), store.folder), whole.length)
  const place = fc.integer({ min: 0, max: whole.length })
  fc.assert(
    fc.property(place, place, (one, other) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)]
      assert.deepEqual(tarOf(store, 'odd', from, to), whole.subarray(from, to))
    }),
    { numRuns: 200 },
  )
})

test('a store path that is not there is told by its name', (t) => {
  const store = new TestStore(t)
  const content = { path: storePathOf('gone'), narHash: '', narSize: 1 }
  assert.equal(isInStore(content.path, store.folder), false)
  assert.throws(
    () => storePathTar(content, store.folder).toArray(),
    (error) => error instanceof StorePathMissing && error.path === content.path,
  )
})

test('a store path that lacks a file, or the end of one, is not taken for a whole one', (t) => {
  const store = new TestStore(t)
  const content = store.add('half', { a: Buffer.alloc(1000), b: Buffer.alloc(1000) })
  const file = join(store.at(content.path), 'b')
  for (const damage of [() => truncateSync(file, 900), () => rmSync(file)]) {
    damage()
    for (const all of [
      () => storePathTar(content, store.folder).toArray(),
      () => tarSizeOf(content, store.folder),
    ]) {
      assert.throws(
        all,
        (error) => error instanceof StorePathMissing && /is not whole in the store/.test(error.message),
      )
    }
  }
})

test('what is neither a file, a directory nor a link is refused', (t) => {
  const store = new TestStore(t)
  const path = storePathOf('pipe')
  execFileSync('mkfifo', [store.at(path)])
  assert.throws(
    () => storePathTar({ path, narHash: '', narSize: 1 }, store.folder).toArray(),
    (error) =>
      error instanceof PackingFailed && /-pipe is neither a file, a directory nor a link/.test(error.message),
  )
})

test('a file that grows or shrinks while it is read is an error, not a broken archive', (t) => {
  const store = new TestStore(t)
  for (const change of [appendFileSync, (path: string) => truncateSync(path, 2 ** 20)]) {
    const { path, ...content } = store.add('changing', Buffer.alloc(2 ** 21))
    const chunks = storePathTar({ path, ...content }, store.folder)
    const untilContent = 2
    for (let i = 0; i < untilContent; i++) chunks.next()
    change(store.at(path), 'x')
    assert.throws(() => chunks.toArray(), /-changing changed its size while it was read/)
  }
})
