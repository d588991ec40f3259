import bcrypt from 'bcryptjs'
import { answerQuestions } from '../work/answerQuestions.ts'

answerQuestions(({ password, hash }: { readonly password: string; readonly hash: string }) =>
  bcrypt.compareSync(password, hash),
)
