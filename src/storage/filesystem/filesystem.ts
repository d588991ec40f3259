import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from '../interfaces.ts'
import { blobFolder, temporaryFolder } from '../layout.ts'
import { FilesystemBlobs } from './blobs.ts'
import { failed } from './faults.ts'
import { FilesystemObjects } from './objects.ts'
import { FilesystemRecords } from './records.ts'
import { sweepTemporaries } from './temporary.ts'

/** Storage in a folder, which several servers on one file system may share. @throws StorageFailed */
export async function createFilesystemStorage(root: string): Promise<Storage> {
  const temporary = join(root, temporaryFolder)
  try {
    await mkdir(join(root, blobFolder), { recursive: true })
    await mkdir(temporary, { recursive: true })
    await sweepTemporaries(temporary)
  } catch (error) {
    failed(error)
  }
  const blobs = new FilesystemBlobs(root)
  return {
    blobs,
    files: blobs,
    records: new FilesystemRecords(root),
    objects: new FilesystemObjects(root),
  }
}
