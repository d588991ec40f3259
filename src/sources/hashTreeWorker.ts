import { parentPort, workerData } from 'node:worker_threads'
import { hashTree, type TreeHash } from './hashTree.ts'

/** What the thread is started with; it answers with a TreeHash, or ends with the error. */
export interface HashTreeTask {
  readonly path: string
  readonly known?: TreeHash
}

const { path, known }: HashTreeTask = workerData
parentPort?.postMessage(hashTree(path, known), [])
