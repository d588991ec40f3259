import { parentPort, workerData } from 'node:worker_threads'
import { unpackTarball, type TarballLimits } from './unpackTarball.ts'

/** What the thread is started with; it answers with the hash of the folder, or ends with the error. */
export interface UnpackTask {
  readonly file: string
  readonly folder: string
  readonly commit: string
  readonly limits: TarballLimits
}

const { file, folder, commit, limits }: UnpackTask = workerData
const { hash } = await unpackTarball(file, folder, commit, limits)
parentPort?.postMessage(hash, [])
