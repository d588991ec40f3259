import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { BlobUnknown, StorageFailed } from '../../errors.ts'
import { digestOf, hexOf } from '../../oci/digest.ts'
import { ownedName } from '../../work/owner.ts'
import { storageContract } from '../contract.testing.ts'
import { createFilesystemStorage } from './filesystem.ts'
import { modesOf } from './modes.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'nixery-storage-'))
})
after(() => rm(root, { recursive: true }))

const put = async (text: string) => {
  const { blobs } = await createFilesystemStorage(root)
  return blobs.put(async (sink) => void sink.write(text))
}

storageContract('filesystem', () => createFilesystemStorage(root))

describe('filesystem storage', () => {
  it('does not serve a blob that lost its end, and takes it anew', async () => {
    const { digest } = await put('a layer that is cut')
    await truncate(join(root, 'layers', hexOf(digest)), 5)
    const { blobs } = await createFilesystemStorage(root)
    assert.equal(await blobs.stat(digest), undefined)
    await assert.rejects(blobs.open(digest), BlobUnknown)
    await put('a layer that is cut')
    assert.deepEqual(await blobs.stat(digest), { size: 19 })
  })

  it('gives no file of a blob that lost its end, and faults where one loses it while it is open', async () => {
    const { blobs, files } = await createFilesystemStorage(root)
    const { digest, size } = await blobs.put(async (sink) => void sink.write('a layer that gets cut'))
    const file = await files?.file(digest)
    assert.ok(file)
    await truncate(join(root, 'layers', hexOf(digest)), 5)
    await assert.rejects(file.read(Buffer.alloc(size), 0), StorageFailed)
    await file.close()
    assert.equal(await files?.file(digest), undefined)
  })

  it('notices a blob that is altered while the server runs', async () => {
    const { blobs } = await createFilesystemStorage(root)
    const { digest } = await blobs.put(async (sink) => void sink.write('a layer that rots'))
    assert.ok(await blobs.stat(digest))
    await writeFile(join(root, 'layers', hexOf(digest)), 'a layer that ROTS')
    await assert.rejects(blobs.open(digest), BlobUnknown)
  })

  it('takes a damaged record for a missing one', async () => {
    const { records } = await createFilesystemStorage(root)
    await records.put('manifests/damaged', { digest: 'x' })
    const path = join(root, 'manifests/damaged')
    const bytes = await readFile(path)
    for (const damaged of [
      bytes.subarray(0, -3),
      Buffer.alloc(0),
      Buffer.from(String(bytes).replace('x', 'y')),
    ]) {
      await writeFile(path, damaged)
      assert.equal(await records.get('manifests/damaged'), undefined)
    }
    await appendFile(path, 'more')
    assert.equal(await records.get('manifests/damaged'), undefined)
  })

  it('sweeps what a killed server left, and nothing of one that lives', async () => {
    const living = await ownedName()
    const dead = `${living.split('.')[0]}.999999999.7.1`
    for (const name of [dead, living]) await writeFile(join(root, 'tmp', name), 'half')
    await createFilesystemStorage(root)
    assert.deepEqual(await readdir(join(root, 'tmp')), [living])
  })

  it('follows no link, wherever it leads', async () => {
    const { blobs, files, records } = await createFilesystemStorage(root)
    const elsewhere = join(root, 'elsewhere')
    await writeFile(elsewhere, 'the very bytes')
    const digest = digestOf('the very bytes')
    await symlink(elsewhere, join(root, 'layers', hexOf(digest)))
    assert.equal(await blobs.stat(digest), undefined)
    assert.equal(await files?.file(digest), undefined)
    await assert.rejects(blobs.open(digest), BlobUnknown)
    await records.put('manifests/original', 1)
    await symlink(join(root, 'manifests/original'), join(root, 'manifests/link'))
    assert.equal(await records.get('manifests/link'), undefined)
  })

  it('waits for no pipe and no device in the place of a blob', { timeout: 5_000 }, async () => {
    const { blobs } = await createFilesystemStorage(root)
    const digest = digestOf('a pipe')
    execFileSync('mkfifo', [join(root, 'layers', hexOf(digest))])
    assert.equal(await blobs.stat(digest), undefined)
  })

  it('lets nobody else read, unless it is told to; keys are always private', async () => {
    const bits = async (storage: string, path: string) => (await stat(join(storage, path))).mode & 0o777
    for (const [modes, folder, file] of [
      [undefined, 0o700, 0o600],
      [modesOf(0o750), 0o750, 0o640],
    ] as const) {
      const storage = join(root, `modes-${folder}`)
      // As an older version has left it.
      await mkdir(storage, { mode: 0o755, recursive: true })
      const { blobs, records } = await createFilesystemStorage(storage, modes)
      const { digest } = await blobs.put(async (sink) => void sink.write('private'))
      await records.put('manifests/x', 1)
      await records.put('access/keys/x', 1)
      assert.equal(await bits(storage, '.'), folder)
      assert.equal(await bits(storage, 'layers'), folder)
      assert.equal(await bits(storage, `layers/${hexOf(digest)}`), file)
      assert.equal(await bits(storage, 'manifests/x'), file)
      assert.equal(await bits(storage, 'access/keys'), 0o700)
      assert.equal(await bits(storage, 'access/keys/x'), 0o600)
    }
  })
})
