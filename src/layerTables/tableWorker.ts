import { answerQuestions } from '../work/answerQuestions.ts'
import { makeTable } from './makeTable.ts'
import type { Finding } from './search.ts'

answerQuestions((finding: Finding) => makeTable(finding))
