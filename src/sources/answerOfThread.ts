import { startThread } from '../work/startThread.ts'

/**
 * The text that a thread answers to its task. Its program lies in this folder, and ends after the answer.
 * @throws what the program throws (its message, not its class), or the signal's reason
 */
export async function answerOfThread(program: string, task: unknown, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted()
  const thread = startThread(import.meta.url, program, { workerData: task })
  const end = () => void thread.terminate()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await new Promise<string>((answer, fail) => {
      thread.once('message', answer)
      thread.once('error', fail)
      thread.once('exit', () => fail(new Error(`the thread ${program} has ended`)))
    })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
    await thread.terminate()
  }
}
