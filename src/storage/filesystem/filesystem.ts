import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from '../interfaces.ts'
import { blobFolder, temporaryFolder } from '../layout.ts'
import { FilesystemBlobs } from './blobs.ts'
import { failed } from './faults.ts'
import { privateModes, type Modes } from './modes.ts'
import { FilesystemObjects } from './objects.ts'
import { FilesystemRecords } from './records.ts'
import { sweepTemporaries } from './temporary.ts'

/**
 * Storage in a folder, which several servers on one file system may share. The folder itself gets the mode,
 * too, so that it protects what older versions have stored. @throws StorageFailed
 */
export async function createFilesystemStorage(root: string, modes: Modes = privateModes): Promise<Storage> {
  const temporary = join(root, temporaryFolder)
  try {
    const { folder: mode } = modes
    await mkdir(join(root, blobFolder), { recursive: true, mode })
    await mkdir(temporary, { recursive: true, mode })
    // Another user's folder keeps its mode.
    await chmod(root, mode).catch(() => undefined)
    await sweepTemporaries(temporary)
  } catch (error) {
    failed(error)
  }
  const blobs = new FilesystemBlobs(root, modes)
  return {
    blobs,
    files: blobs,
    records: new FilesystemRecords(root, modes),
    objects: new FilesystemObjects(root),
  }
}
