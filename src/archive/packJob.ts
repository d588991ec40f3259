import type { Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'
import { PackingFailed } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { Gate } from './gate.ts'
import type { PackAnswer, PackJob } from './packMessages.ts'

/** Chunks, each of one compressed member, that may wait for the sink: more do not make it faster. */
const chunksInFlight = 2

export interface RunningJob {
  /** The diffID, when the sink has taken everything. */
  readonly result: Promise<Digest>
  /** When the thread has said its last word on the job, which may be later than `result` rejects. */
  readonly ended: Promise<void>
}

/** Lets an idle thread do one job and writes what it sends to the sink. Errors are those of `Packer.pack`. */
export function runJob(
  worker: Worker,
  job: Omit<PackJob, 'gate'>,
  sink: Writable,
  signal: AbortSignal,
): RunningJob {
  const gate = new Gate()
  const result = Promise.withResolvers<Digest>()
  const ended = Promise.withResolvers<void>()
  let failed = false
  let unwritten = 0
  let diffID: Digest | undefined

  const fail = (error: unknown) => {
    failed = true
    gate.dismiss()
    release()
    result.reject(error)
  }
  const finishWhenWritten = () => {
    if (diffID === undefined || unwritten > 0 || failed) return
    release()
    sink.off('error', fail)
    result.resolve(diffID)
  }
  const onWritten = (error: Error | null | undefined) => {
    unwritten -= 1
    if (error) fail(error)
    else gate.letThrough(1)
    finishWhenWritten()
  }
  const onAnswer = (answer: PackAnswer) => {
    if (answer.kind === 'chunk') {
      if (failed) return
      unwritten += 1
      sink.write(answer.bytes, onWritten)
      return
    }
    leave()
    if (answer.kind === 'failed') fail(new PackingFailed(answer.message, { cause: answer.cause }))
    if (answer.kind === 'done') diffID = answer.diffID
    finishWhenWritten()
  }
  const onDeath = (why: unknown) => {
    leave()
    const how = why instanceof Error ? why.message : `exit code ${String(why)}`
    fail(new PackingFailed(`a packing thread ended in the middle of its work: ${how}`, { cause: why }))
  }
  const onAbort = () => fail(signal.reason)
  const onClose = () => fail(new PackingFailed('the sink was closed before all was written'))

  // The sink's `error` listener stays when the job has failed: its error may come after the one of its last write.
  const release = () => {
    sink.off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
  const leave = () => {
    worker.off('message', onAnswer).off('error', onDeath).off('exit', onDeath)
    ended.resolve()
  }
  sink.on('error', fail).on('close', onClose)
  signal.addEventListener('abort', onAbort)
  worker.on('message', onAnswer).on('error', onDeath).on('exit', onDeath)
  if (signal.aborted) onAbort()
  gate.letThrough(chunksInFlight)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  worker.postMessage({ ...job, gate: gate.buffer } satisfies PackJob)
  return { result: result.promise, ended: ended.promise }
}
