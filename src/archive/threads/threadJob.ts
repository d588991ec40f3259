import type { Worker } from 'node:worker_threads'
import { PackingFailed, StorePathMissing } from '../../errors.ts'
import type { Answer, Job, Results, Sent } from './jobs.ts'

/** A job that a thread works on. */
export interface RunningJob<T> {
  readonly result: Promise<T>
  /**
   * When the thread has said its last word on the job, which may be later than `result` rejects. Never
   * rejects.
   */
  readonly ended: Promise<void>
}

/**
 * Lets an idle thread do one job. Answers what came of it, undefined when the job was dismissed by its gate.
 * @param onSent gets what the thread sends before
 * @param transfer memory that goes over to the thread
 * @throws StorePathMissing, PackingFailed, also when the thread dies
 */
export function doJob<J extends Job>(
  worker: Worker,
  job: J,
  onSent: (sent: Sent) => void = () => undefined,
  transfer: ArrayBuffer[] = [],
): Promise<Results[J['kind']] | undefined> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: Answer<J['kind']>) => {
      if (answer.kind === 'chunk' || answer.kind === 'delegated') return onSent(answer)
      leave()
      if (answer.kind === 'failed') reject(errorOf(answer))
      else resolve(answer.kind === 'done' ? answer.result : undefined)
    }
    const onDeath = (why: unknown) => {
      leave()
      const how = why instanceof Error ? why.message : `exit code ${String(why)}`
      reject(new PackingFailed(`a packing thread ended in the middle of its work: ${how}`, { cause: why }))
    }
    const leave = () => worker.off('message', onAnswer).off('error', onDeath).off('exit', onDeath)
    worker.on('message', onAnswer).on('error', onDeath).on('exit', onDeath)
    worker.postMessage(job, transfer)
  })
}

function errorOf({ message, cause, missing }: Extract<Answer<Job['kind']>, { kind: 'failed' }>): Error {
  return missing === undefined
    ? new PackingFailed(message, { cause })
    : new StorePathMissing(missing, message, { cause })
}

/** A job that sends nothing and is not dismissed. Errors are those of `doJob`. */
export function request<J extends Job>(
  worker: Worker,
  job: J,
  transfer: ArrayBuffer[] = [],
): RunningJob<Results[J['kind']]> {
  const result = doJob(worker, job, undefined, transfer).then((value) => {
    if (value === undefined) throw new Error('a thread dismissed what has no gate')
    return value
  })
  return { result, ended: settled(result) }
}

/** When a promise is settled, however. */
export function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => undefined,
    () => undefined,
  )
}
