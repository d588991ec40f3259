import { parentPort, workerData } from 'node:worker_threads'
import { StorePathMissing } from '../../errors.ts'
import { encode, type Delegated } from '../segments/encode.ts'
import { Gate } from './gate.ts'
import { IdleCount } from './idleCount.ts'
import { joinLayer, type Outlet } from '../joinLayer.ts'
import type { Answer, Job, Results, ThreadData } from './jobs.ts'
import { sweep } from '../segments/sweep.ts'
import { toolsOf } from './tools.ts'

/** The program of a packing thread. It does its jobs one after the other. */
parentPort?.on('message', (job: Job) => {
  const answer = answerTo(job)
  const isEncoded = answer.kind === 'done' && 'member' in answer.result
  tell(answer, isEncoded ? [answer.result.member.buffer] : [])
})

const data = workerData as ThreadData
const tools = toolsOf(data)
const idle = new IdleCount(data.idle)

/** Nobody needs the rest of what is being sent. */
class Dismissed extends Error {}

function tell(answer: Answer<Job['kind']>, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(answer, transfer)
}

function answerTo(job: Job): Exclude<Answer<Job['kind']>, { kind: 'chunk' | 'delegated' }> {
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
  switch (job.kind) {
    case 'join':
      return joinLayer(
        job.content,
        job.mayKeep,
        tools,
        outletThrough(new Gate(job.gate), new Gate(job.delegationGate)),
      )
    case 'encode':
      return encodeForAnother(job.member)
    case 'sweep':
      return { total: tools.cache ? sweep(tools.cache.folder, job.limit) : 0 }
  }
}

function outletThrough(gate: Gate, delegationGate: Gate): Outlet {
  return {
    send(bytes) {
      if (!gate.pass()) throw new Dismissed()
      tell({ kind: 'chunk', bytes }, [bytes.buffer])
    },
    claimHelper() {
      if (!delegationGate.tryToPass()) return false
      if (idle.take()) return true
      delegationGate.letThrough(1)
      return false
    },
    // Sent even if the job was dismissed, so that the claimed thread is released.
    delegate: (member) => tell({ kind: 'delegated', member }, [member.tar.buffer]),
  }
}

function encodeForAnother(uncompressed: Delegated): Results['encode'] {
  const { member, ...additions } = encode(uncompressed, tools.codec, tools.cache?.segments)
  // Release the memory now: the garbage collector would do so later.
  uncompressed.tar.buffer.transfer(0)
  return { ...additions, member: Uint8Array.from(member) }
}
