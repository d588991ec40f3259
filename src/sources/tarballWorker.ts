import { answerQuestions } from '../work/answerQuestions.ts'
import { hashTree } from './hashTree.ts'
import { unpackTarball, type TarballLimits } from './unpackTarball.ts'

/** The answer to each is the hash of the folder. */
export type TarballTask =
  | {
      readonly kind: 'unpack'
      readonly file: string
      readonly folder: string
      /** That it shall be of. */
      readonly commit: string | undefined
      readonly limits: TarballLimits
    }
  | { readonly kind: 'hash'; readonly folder: string }

answerQuestions(async (task: TarballTask) => {
  if (task.kind === 'hash') return hashTree(task.folder)
  await unpackTarball(task.file, task.folder, task.commit, task.limits)
  return hashTree(task.folder)
})
