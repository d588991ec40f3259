import { parentPort } from 'node:worker_threads'
import { codeOf } from './errno.ts'

/** What a thread of a `ThreadTeam` sends. An error would lose its code on the way between threads. */
export type Reply<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }

/**
 * The program of a thread of a `ThreadTeam`: it answers one question after the other.
 * @param answer takes what the team asks
 */
export function answerQuestions(answer: (question: never) => unknown): void {
  const reply = async (question: unknown) => {
    parentPort?.postMessage(await replyTo(() => answer(question as never)), [])
  }
  parentPort?.on('message', (question: unknown) => void reply(question))
}

async function replyTo(answer: () => unknown): Promise<Reply<unknown>> {
  try {
    return { kind: 'answer', answer: await answer() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', message, code: codeOf(error) }
  }
}
