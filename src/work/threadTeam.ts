import type { Worker } from 'node:worker_threads'
import PQueue from 'p-queue'
import type { Reply } from './answerQuestions.ts'

interface ThreadTeamOptions {
  /** Threads at once, at most. */
  readonly size: number
  /** Milliseconds after which an idle thread ends, so that its memory is free again. */
  readonly idleMs: number
}

interface AskOptions {
  /** Ends the thread that is working on the question. */
  readonly signal?: AbortSignal
  /** Of the questions that wait, one with the highest priority is next. */
  readonly priority?: number
}

/**
 * Threads that run one program and answer one question at a time: see `answerQuestions`. They start when they
 * are needed. An idle thread does not keep the process running.
 */
export class ThreadTeam<Question, Answer> {
  readonly #start: () => Worker
  readonly #queue: PQueue
  readonly #idleMs: number
  readonly #idle = new Map<Worker, NodeJS.Timeout>()

  /** @param start starts a thread, for example with `startThread` */
  constructor(start: () => Worker, { size, idleMs }: ThreadTeamOptions) {
    this.#start = start
    this.#queue = new PQueue({ concurrency: size })
    this.#idleMs = idleMs
  }

  /**
   * @throws what the program throws: an `Error` with the same message and the same code. An `Error` if the
   *   thread ends before it answers. What `start` throws. The signal's reason.
   */
  ask(question: Question, { signal, priority = 0 }: AskOptions = {}): Promise<Answer> {
    const options = { priority, ...(signal ? { signal } : {}) }
    return this.#queue.add(async () => answerIn(await this.#replyTo(question, signal)), options)
  }

  async #replyTo(question: Question, signal: AbortSignal | undefined): Promise<Reply<Answer>> {
    const worker = this.#take()
    try {
      const reply = await replyOf<Answer>(worker, question, signal)
      this.#setAside(worker)
      return reply
    } catch (error) {
      // It may still be working on the question.
      await worker.terminate()
      throw error
    }
  }

  #take(): Worker {
    const [idle] = this.#idle.keys()
    if (idle === undefined) {
      const worker = this.#start()
      const forget = () => this.#forget(worker)
      return worker.on('error', forget).on('exit', forget)
    }
    this.#forget(idle)
    idle.ref()
    return idle
  }

  #setAside(worker: Worker): void {
    const end = () => {
      this.#forget(worker)
      void worker.terminate()
    }
    worker.unref()
    this.#idle.set(worker, setTimeout(end, this.#idleMs).unref())
  }

  #forget(worker: Worker): void {
    clearTimeout(this.#idle.get(worker))
    this.#idle.delete(worker)
  }
}

function replyOf<Answer>(
  worker: Worker,
  question: unknown,
  signal: AbortSignal | undefined,
): Promise<Reply<Answer>> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply<Answer>>()
  const onEnd = (why: unknown) => {
    const how = why instanceof Error ? why.message : `exit code ${String(why)}`
    reject(new Error(`a thread ended before it had answered: ${how}`, { cause: why }))
  }
  const onAbort = () => reject(signal?.reason)
  worker.on('message', resolve).on('error', onEnd).on('exit', onEnd)
  signal?.addEventListener('abort', onAbort)
  try {
    worker.postMessage(question, [])
  } catch (error) {
    reject(error)
  }
  return promise.finally(() => {
    worker.off('message', resolve).off('error', onEnd).off('exit', onEnd)
    signal?.removeEventListener('abort', onAbort)
  })
}

/** @throws if the program has thrown */
function answerIn<Answer>(reply: Reply<Answer>): Answer {
  if (reply.kind === 'answer') return reply.answer
  const { message, code } = reply
  throw Object.assign(new Error(message), code === '' ? {} : { code })
}
