import type { Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'
import { PackingFailed } from '../errors.ts'
import { Gate } from './gate.ts'
import type { Results } from './jobs.ts'
import type { LayerContent } from './packer.ts'
import { doJob, settled, type RunningJob } from './threadJob.ts'

/** Chunks, each of one compressed member, that may wait for the sink: more do not make it faster. */
const chunksInFlight = 2

/** Lets an idle thread join a layer, and writes what it sends to the sink. Errors are those of `Packer.pack`. */
export function joinInto(
  worker: Worker,
  content: LayerContent,
  sink: Writable,
  signal: AbortSignal,
): RunningJob<Results['join']> {
  const gate = new Gate()
  const result = Promise.withResolvers<Results['join']>()
  let failed = false
  let unwritten = 0
  let done: Results['join'] | undefined

  const fail = (error: unknown) => {
    failed = true
    gate.dismiss()
    release()
    result.reject(error)
  }
  const finishWhenWritten = () => {
    if (done === undefined || unwritten > 0 || failed) return
    release()
    sink.off('error', fail)
    result.resolve(done)
  }
  const onWritten = (error: Error | null | undefined) => {
    unwritten -= 1
    if (error) fail(error)
    else gate.letThrough(1)
    finishWhenWritten()
  }
  const onChunk = (bytes: Uint8Array<ArrayBuffer>) => {
    if (failed) return
    unwritten += 1
    sink.write(bytes, (error) => {
      // Else they gather, 40 MB and more, until the garbage collector comes.
      if (forgetsChunks(sink)) bytes.buffer.transfer(0)
      onWritten(error)
    })
  }
  const onAbort = () => fail(signal.reason)
  const onClose = () => fail(new PackingFailed('the sink was closed before all was written'))

  // The sink's `error` listener stays when the job has failed: its error may come after the one of its last write.
  const release = () => {
    sink.off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
  sink.on('error', fail).on('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  gate.letThrough(chunksInFlight)
  const lastWord = doJob(worker, { kind: 'join', content, gate: gate.buffer }, onChunk)
  const onLastWord = (value: Results['join'] | undefined) => {
    done = value
    finishWhenWritten()
  }
  lastWord.then(onLastWord, fail)
  return { result: result.promise, ended: settled(lastWord) }
}

/** See `Packer.pack`. */
function forgetsChunks(sink: Writable): boolean {
  return 'forgetsChunks' in sink && sink.forgetsChunks === true
}
