import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { extract } from 'tar-stream'
import { endOfArchive, padding, tarHeader, type TarEntry } from './tarHeader.ts'

interface ReadEntry {
  readonly name: string
  readonly type: unknown
  readonly mode: unknown
  readonly linkname: unknown
}

/** What a library reads: the oracle. */
async function readBack(archive: Buffer): Promise<readonly ReadEntry[]> {
  const reader = extract()
  reader.end(archive)
  const entries: ReadEntry[] = []
  for await (const entry of reader) {
    const { name, type, mode, linkname } = entry.header
    entries.push({ name, type, mode, linkname })
    entry.resume()
  }
  return entries
}

function archiveOf(...entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(tarHeader), endOfArchive])
}

test('a header has fixed bytes: owner 0:0 without names, one second after the epoch', () => {
  const header = tarHeader({ kind: 'file', path: Buffer.from('nix/store/x'), mode: 0o444, size: 0o1234 })
  const nul = (length: number) => '\0'.repeat(length)
  assert.equal(
    header.toString('latin1'),
    `nix/store/x${nul(89)}0000444\0` +
      `0000000\0`.repeat(2) +
      `00000001234\0` +
      `00000000001\0` +
      `011330\0 ` +
      `0${nul(100)}ustar\x0000${nul(64)}` +
      `0000000\0`.repeat(2) +
      nul(167),
  )
})

test('what is long or not ASCII comes back as it was', async () => {
  const component = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 90 })
    .filter((s) => !/[/\0]/.test(s))
  const path = fc.array(component, { minLength: 1, maxLength: 6 }).map((names) => names.join('/'))
  const target = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    .filter((s) => !s.includes('\0'))
  await fc.assert(
    fc.asyncProperty(path, target, async (path, target) => {
      const bytes = Buffer.from(path)
      const entries = await readBack(
        archiveOf(
          { kind: 'directory', path: bytes, mode: 0o555 },
          { kind: 'file', path: bytes, mode: 0o444, size: 0 },
          { kind: 'link', path: bytes, target: Buffer.from(target) },
        ),
      )
      assert.deepEqual(entries, [
        { name: `${path}/`, type: 'directory', mode: 0o555, linkname: null },
        { name: path, type: 'file', mode: 0o444, linkname: null },
        { name: path, type: 'symlink', mode: 0o777, linkname: target },
      ])
    }),
    { numRuns: 300 },
  )
})

test('paths of every length around the limits of ustar come back', async () => {
  const paths = [98, 99, 100, 101, 155, 156, 255, 256, 257].flatMap((length) => [
    'p'.repeat(length),
    `${'d'.repeat(Math.min(155, length - 2))}/`.padEnd(length, 'f'),
    `${'d'.repeat(length - 2)}/f`,
    `/${'f'.repeat(length - 1)}`,
  ])
  const entries = await readBack(
    archiveOf(...paths.map((path) => ({ kind: 'directory' as const, path: Buffer.from(path), mode: 0 }))),
  )
  assert.deepEqual(
    entries.map(({ name }) => name),
    paths.map((path) => `${path}/`),
  )
})

test('a path that fits is written without PAX, cut at a slash when it is long', () => {
  const path = `nix/store/${'h'.repeat(32)}-name/${'d'.repeat(60)}/${'f'.repeat(90)}`
  assert.equal(tarHeader({ kind: 'file', path: Buffer.from(path), mode: 0o444, size: 0 }).length, 512)
})

test('the closing slash of a directory is never the one that its path is cut at', () => {
  const path = Buffer.from(`d/${'n'.repeat(120)}`)
  assert.ok(tarHeader({ kind: 'directory', path, mode: 0o555 }).includes(` path=${path.toString()}/\n`))
})

test('bytes that are not UTF-8 are in the PAX record as they are', () => {
  const path = Buffer.from([0x66, 0xff, 0xfe])
  const header = tarHeader({ kind: 'file', path, mode: 0o444, size: 0 })
  assert.ok(header.includes(Buffer.concat([Buffer.from('12 path='), path, Buffer.from('\n')])))
})

test('a size of 8 GiB or more is a PAX record', () => {
  const file = { kind: 'file', path: Buffer.from('f'), mode: 0o444 } as const
  assert.equal(tarHeader({ ...file, size: 8 * 2 ** 30 - 1 }).length, 512)
  assert.ok(tarHeader({ ...file, size: 8 * 2 ** 30 }).includes('19 size=8589934592\n'))
})

test('padding fills the last block', () => {
  assert.deepEqual(
    [0, 1, 511, 512, 513].map((size) => padding(size).length),
    [0, 511, 1, 0, 511],
  )
})
