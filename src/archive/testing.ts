import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { toStorePath, type StorePath } from '../store/storePath.ts'
import { randomBytes } from 'node:crypto'
import { memberSize } from './codec/codec.ts'
import { narSizeOf } from './tar/narSize.ts'
import type { LayerContent, Packer, StorePathContent } from './packer.ts'
import { walk } from './tar/walk.ts'
import { createPacker } from './workerPacker.ts'

export function storePathOf(name: string): StorePath {
  return toStorePath(`/nix/store/${'0'.repeat(32)}-${name}`)
}

/** Folders that are gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'))
  t.after(() => {
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true })
  })
  return folder
}

/**
 * What the server counts on in a Nix store, in a folder: store paths, and what they are registered as. For
 * tests.
 */
export class TestStore {
  readonly folder: string

  constructor(t: TestContext) {
    this.folder = join(temporaryFolder(t), 'store')
    mkdirSync(this.folder)
  }

  at(path: StorePath): string {
    return join(this.folder, path.slice('/nix/store/'.length))
  }

  /** A store path that is a file, or a folder of files by name. */
  add(name: string, content: Buffer | Readonly<Record<string, Buffer>>): StorePathContent {
    const path = storePathOf(name)
    if (content instanceof Buffer) {
      writeFileSync(this.at(path), content)
    } else {
      mkdirSync(this.at(path))
      for (const [name, bytes] of Object.entries(content)) writeFileSync(join(this.at(path), name), bytes)
    }
    return this.registered(path)
  }

  /** As the store would have registered what lies there now. */
  registered(path: StorePath): StorePathContent {
    const entries = walk(Buffer.from(this.at(path)), Buffer.from(path.slice(1)))
    const narSize = entries.reduce((sum, { entry }) => sum + narSizeOf(entry, sum === 0), 0)
    return { path, narHash: `sha256:${'0'.repeat(64)}`, narSize }
  }

  /** As garbage collectors do. */
  remove(...contents: readonly StorePathContent[]): void {
    for (const { path } of contents) rmSync(this.at(path), { recursive: true })
  }

  /** Another store with the same store paths. */
  copy(t: TestContext): TestStore {
    const store = new TestStore(t)
    cpSync(this.folder, store.folder, { recursive: true, verbatimSymlinks: true })
    return store
  }
}

/** Compresses somewhat, and no two blocks of it are equal. */
export function someBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'some text that is everywhere ')
  for (let at = 0; at + 8 < size; at += 512) bytes.writeDoubleLE(Math.sin(at), at)
  return bytes
}

export function layerOf(...storePaths: readonly StorePathContent[]): LayerContent {
  return { kind: 'storePaths', storePaths }
}

/** Keeps what is written. */
export class Kept extends Writable {
  readonly chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks.filter(({ length }) => length > 0))
  }
}

type TestPackerOptions = Partial<Parameters<typeof createPacker>[0]> & { readonly storeDirectory: string }

export function packerOf(t: TestContext, options: TestPackerOptions): Packer {
  const packer = createPacker({ threads: 2, codec: { name: 'zstd', level: 1 }, ...options })
  t.after(() => packer.close())
  return packer
}

/** A layer made by a packer of its own, as the server does it, and its bytes. */
export async function packed(t: TestContext, layer: LayerContent, options: TestPackerOptions) {
  const packer = packerOf(t, options)
  const sink = new Kept()
  const diffID = await packer.pack(layer, sink, new AbortController().signal)
  await packer.close()
  return { diffID, bytes: sink.bytes }
}

export function cacheIn(t: TestContext) {
  return { folder: join(temporaryFolder(t), 'segments'), limit: 2 ** 30 }
}

export function memberFilesIn(folder: string): string[] {
  return readdirSync(folder).map((name) => join(folder, name))
}

/**
 * Tiny store paths, and some with segments: of several members, of one, of files that lie across the edges of
 * members.
 */
export function storeWith(t: TestContext): { readonly store: TestStore; readonly layer: LayerContent } {
  const store = new TestStore(t)
  const across = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, someBytes(2 ** 20 + i)]))
  const layer = layerOf(
    store.add('several', someBytes(4 * memberSize + 5)),
    store.add('tiny', Buffer.from('tiny')),
    store.add('across', across),
    store.add('also-tiny', { file: someBytes(1000) }),
    store.add('random', randomBytes(2 ** 20)),
  )
  return { store, layer }
}
