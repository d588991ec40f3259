import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { toDigest } from '../oci/digest.ts'
import { Gate } from './gate.ts'
import { codecs } from './codec.ts'
import { members } from './gzip.ts'
import type { PackAnswer, PackJob } from './packMessages.ts'
import { tarStream } from './tarStream.ts'

/** The program of a packing thread: it does its jobs one after the other, each without a pause. */
parentPort?.on('message', (job: PackJob) => answer(outcomeOf(job)))

function answer(message: PackAnswer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

function outcomeOf(job: PackJob): PackAnswer {
  try {
    return pack(job)
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error), cause: error }
  }
}

function pack({ content, codec, storeDirectory, gate }: PackJob): PackAnswer {
  const shared = new Gate(gate)
  const diffID = createHash('sha256')
  for (const member of members(tarStream(content, storeDirectory))) {
    diffID.update(member)
    const bytes = codecs[codec].encode(member)
    if (!shared.pass()) return { kind: 'dismissed' }
    answer({ kind: 'chunk', bytes }, [bytes.buffer])
  }
  return { kind: 'done', diffID: toDigest(`sha256:${diffID.digest('hex')}`) }
}
