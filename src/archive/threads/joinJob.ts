import type { Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'
import { PackingFailed } from '../../errors.ts'
import type { Delegated } from '../segments/encode.ts'
import { Gate } from './gate.ts'
import type { Results, Sent } from './jobs.ts'
import { MembersInOrder } from './membersInOrder.ts'
import type { LayerContent } from '../packer.ts'
import { doJob, settled, type RunningJob } from './threadJob.ts'

/** A layer to join. */
interface Joining {
  readonly content: LayerContent
  /** Whether the segment cache may be written. */
  readonly mayKeep: boolean
  /** How many members other threads may have compressed, or be compressing, that are not written. */
  readonly helpers: number
  /** Lets the claimed thread compress a member. */
  readonly encode: (member: Delegated) => Promise<Uint8Array<ArrayBuffer>>
  /** The thread that was claimed is not needed. */
  readonly unclaim: () => void
}

/** Members that may wait for the sink beside those: more do not make it faster. */
const inFlight = 2

/**
 * Lets an idle thread join a layer, and writes what it sends to the sink. Errors are those of `Packer.pack`.
 */
export function joinInto(
  worker: Worker,
  { content, mayKeep, helpers, encode, unclaim }: Joining,
  sink: Writable,
  signal: AbortSignal,
): RunningJob<Results['join']> {
  const gate = new Gate()
  const delegationGate = new Gate()
  const result = Promise.withResolvers<Results['join']>()
  let failed = false
  let unwritten = 0
  let done: Results['join'] | undefined

  const fail = (error: unknown) => {
    failed = true
    gate.dismiss()
    delegationGate.dismiss()
    release()
    result.reject(error)
  }
  const finishWhenWritten = () => {
    if (done === undefined || unwritten > 0 || failed) return
    release()
    sink.off('error', fail)
    result.resolve(done)
  }
  const onWritten = (through: Gate, error: Error | null | undefined) => {
    unwritten -= 1
    if (error) fail(error)
    else through.letThrough(1)
    finishWhenWritten()
  }
  const members = new MembersInOrder<Gate>((bytes, through) => {
    if (failed) return
    sink.write(bytes, (error) => {
      // Else they gather, 40 MB and more, until the garbage collector comes.
      if (forgetsChunks(sink)) bytes.buffer.transfer(0)
      onWritten(through, error)
    })
  })
  const onSent = (sent: Sent) => {
    if (failed) {
      if (sent.kind === 'delegated') unclaim()
      return
    }
    unwritten += 1
    if (sent.kind === 'chunk') members.add(sent.bytes, gate)
    else members.addLater(encode(sent.member), delegationGate).catch(fail)
  }
  const onAbort = () => fail(signal.reason)
  const onClose = () => fail(new PackingFailed('the sink was closed before all was written'))

  // The sink's `error` listener stays when the job has failed: its error may come after the one of its last
  // write.
  const release = () => {
    sink.off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
  sink.on('error', fail).on('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  gate.letThrough(inFlight)
  delegationGate.letThrough(helpers)
  const gates = { gate: gate.buffer, delegationGate: delegationGate.buffer }
  const lastWord = doJob(worker, { kind: 'join', content, mayKeep, ...gates }, onSent)
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
