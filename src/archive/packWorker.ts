import { parentPort, workerData } from 'node:worker_threads'
import { StorePathMissing } from '../errors.ts'
import { memberSize } from './codec.ts'
import { cut } from './cut.ts'
import { Gate } from './gate.ts'
import { join } from './join.ts'
import type { Answer, Job, Results, ThreadData } from './jobs.ts'
import { survey } from './survey.ts'
import { sweep } from './sweep.ts'
import { toolsOf } from './tools.ts'

/** The program of a packing thread: it does its jobs one after the other, each without a pause. */
parentPort?.on('message', (job: Job) => answer(outcomeOf(job)))

const tools = toolsOf(workerData as ThreadData)
/** One for all jobs: memory that is taken and left again and again is slow to come back. */
const buffer = Buffer.allocUnsafeSlow(memberSize)

/** Nobody wants the rest of what is being sent. */
class Dismissed extends Error {}

function answer(message: Answer<Job['kind']>, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

function outcomeOf(job: Job): Answer<Job['kind']> {
  try {
    return { kind: 'done', result: resultOf(job) }
  } catch (error) {
    if (error instanceof Dismissed) return { kind: 'dismissed' }
    const missing = error instanceof StorePathMissing ? error.path : undefined
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', message, cause: error, missing }
  }
}

function resultOf(job: Job): Results[Job['kind']] {
  const { storeDirectory, cache } = tools
  switch (job.kind) {
    case 'survey':
      return cache ? survey(job.storePaths, storeDirectory, cache.segments) : { absent: [] }
    case 'cut':
      return cache ? cut(job.part, tools, cache.segments, buffer) : { written: 0, fault: undefined }
    case 'join':
      return join(job.content, tools, buffer, sender(new Gate(job.gate)))
    case 'sweep':
      return { total: cache ? sweep(cache.folder, job.limit) : 0 }
  }
}

function sender(gate: Gate): (bytes: Uint8Array<ArrayBuffer>) => void {
  return (bytes) => {
    if (!gate.pass()) throw new Dismissed()
    answer({ kind: 'chunk', bytes }, [bytes.buffer])
  }
}
