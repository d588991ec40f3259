import { parentPort, workerData } from 'node:worker_threads'
import { hashTree } from './hashTree.ts'

/** The path that the thread is started with; it answers with the hash, or ends with the error. */
const path: string = workerData
parentPort?.postMessage(hashTree(path), [])
