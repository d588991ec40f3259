import { nameOf } from './clientsPage.ts'
import { block, table } from './documents.ts'
import { errorCases, type ErrorCase } from './errorCases.ts'
import { limits } from './limits.ts'
import type { RowResult } from './matrix.ts'
import { passed } from './pullCases.ts'

/** What the server answered to an error case. */
export interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** `docs/errors.md`. @param answers by the title of the error case */
export function errorsPage(
  results: readonly RowResult[],
  answers: ReadonlyMap<string, Answer>,
  date: string,
): string {
  const answerTo = ({ title }: ErrorCase): Answer =>
    answers.get(title) ?? { status: 0, code: '', message: '' }
  const overview = errorCases.map((one, at) => {
    const { status, code } = answerTo(one)
    const reasons = results.filter(({ errors }) => errors[at]?.cell === passed).length
    return [one.title, `\`${one.image}\``, `${status} \`${code}\``, `${reasons} of ${results.length}`]
  })
  const sections = errorCases.map((one, at) => {
    const groups = Map.groupBy(results, ({ errors }) => errors[at]?.text ?? '')
    const printed = [...groups].map(([text, same]) => `${same.map(nameOf).join(', ')}:\n\n${block(text)}`)
    return `## ${one.title}\n\nThe server's message:\n\n${block(answerTo(one).message)}\n\n${printed.join('\n\n')}\n`
  })
  return `# Errors, as clients show them

What real clients printed when there was no image for them. Written by \`npm run test:clients\` on ${date}. HOST is the
server, SET the folder of the package set, HASH a hash, ID the number of a build.

${table(['error', 'image', 'answer', 'clients that show the reason'], overview)}

Where the reason does not arrive:

${limits.map(({ why }) => `- ${why}`).join('\n')}

Every reason is in the log of the server too. \`curl HOST/v2/NAME/manifests/latest\` shows it to anybody.

${sections.join('\n')}`
}
