import { answerQuestions } from '../work/answerQuestions.ts'
import { hashTree, type TreeHash } from './hashTree.ts'

/** What a thread is asked. It answers with a `TreeHash`. */
export interface HashTreeTask {
  readonly path: string
  readonly known?: TreeHash
}

answerQuestions(({ path, known }: HashTreeTask) => hashTree(path, known))
