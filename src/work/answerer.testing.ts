import { threadId } from 'node:worker_threads'
import { answerQuestions } from './answerQuestions.ts'

/** The program of threads for tests: it does what a question says, and answers with its thread. */
answerQuestions((question: string): number => {
  const [verb, milliseconds] = question.split(' ')
  if (verb === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds))
  if (verb === 'fail') throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  if (verb === 'exit') process.exit(7)
  return threadId
})
