import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { answerQuestions } from '../../work/answerQuestions.ts'

/** Large enough that the cost of a read is its bytes, not the call. Used for all files. */
const buffer = Buffer.allocUnsafeSlow(1 << 20)

answerQuestions(hashOf)

/** The sha256 of a file, in hex. */
function hashOf(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, null)
      if (length === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}
