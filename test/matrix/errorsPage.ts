import { nameOf } from './clientsPage.ts'
import { block, table } from './documents.ts'
import { errorCases, type Answer, type ErrorCase } from './errorCases.ts'
import { frameOf } from './errorFrame.ts'
import { limits } from './limits.ts'
import type { RowResult } from './matrix.ts'
import { passed } from './pullCases.ts'

/** The client whose words stand in full. */
const example = 'podman'

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
  const shown = results.findLast(({ row }) => row.kind.name === example)
  const sections = errorCases.map((one, at) => {
    const { status, code, message } = answerTo(one)
    const printed = shown && `${nameOf(shown)} prints:\n\n${block(shown.errors[at]?.text ?? '')}\n\n`
    return `### ${one.title}\n\n${status} \`${code}\`. ${one.advice}\n\nThe server's message:\n\n${block(message)}\n\n${printed ?? ''}`
  })
  return `# Errors

${answersOfAll}

## How a reason reaches the user

- The reason is the message in the body of the answer. Most clients print it for a 4xx.
- docker, podman, skopeo, buildah and containerd do not print the body of a 5xx, and containerd often asks with \`HEAD\`,
  which has no body. For them the server repeats the first 250 characters in the status line. HTTP/2 has no text there: see
  [proxy](deploying.md#proxy-with-authentication-and-tls).
${limits.map(({ why }) => `- ${why}`).join('\n')}

Every reason is also in the server's log. \`curl HOST/v2/NAME/manifests/latest\` shows it to anybody.

## Tested with real clients

\`npm run test:clients\` wrote this part on ${date}. HOST is the server, SET the folder of the package set, HASH a hash, and
ID the number of a build.

${table(['error', 'image', 'answer', 'clients that show the reason'], overview)}

${sections.join('\n')}
## All clients

What each client prints around the server's message. NAME is the name of the image, STATUS and CODE are those of the answer.
MESSAGE is the server's message; a client that takes it from the status line prints its first 250 characters.

${table(['client', 'prints', 'for'], frames(results, answerTo))}
`
}

/** A line for each way in which clients print errors: the clients, the words, the errors. */
function frames(
  results: readonly RowResult[],
  answerTo: (one: ErrorCase) => Answer,
): readonly (readonly string[])[] {
  const lines = results.flatMap((result) => {
    const words = errorCases.map((one, at) => ({
      title: one.title,
      frame: frameOf(result.errors[at]?.text ?? '', one.image, answerTo(one)),
    }))
    return [...Map.groupBy(words, ({ frame }) => frame)].map(([frame, same]) => ({
      result,
      frame,
      titles: same.length === errorCases.length ? 'all' : same.map(({ title }) => title).join(', '),
    }))
  })
  const groups = Map.groupBy(lines, ({ frame, titles }) => `${frame}\n${titles}`)
  return [...groups.values()].map((same) => [
    clientsOf(same.map(({ result }) => result)),
    `\`${same[0]?.frame.replaceAll('|', '\\|') ?? ''}\``,
    same[0]?.titles ?? '',
  ])
}

/** `skopeo 1.9.3, 1.18.0; podman 5.8.6` */
function clientsOf(results: readonly RowResult[]): string {
  const kinds = Map.groupBy(results, ({ row }) => row.kind.name)
  return [...kinds]
    .map(([name, same]) => `${name} ${same.map(({ version }) => version).join(', ')}`)
    .join('; ')
}

/** The table of `src/http/errors.ts`, for users. */
const answersOfAll = `| answer                 | when                                                                                     | who can act      |
| --- | --- | --- |
| 400 \`NAME_INVALID\` | The name of the image breaks a rule. | the user |
| 400 \`TAG_INVALID\`, \`DIGEST_INVALID\` | The tag or the digest is malformed. | the user |
| 403 \`DENIED\` | The package set refuses the package (unfree, broken, insecure). | the user, the operator (\`NIXPKGS_ALLOW_UNFREE=1\`) |
| 403 \`DENIED\` | The package or the package set cannot be evaluated. | the author of the package set |
| 403 \`DENIED\` | A Nix build failed, or ran longer than \`NIX_TIMEOUT\`. | the author of the package |
| 403 \`DENIED\` | The image was not ready within \`NIXERY_BUILD_DEADLINE\`. | the operator |
| 404 \`MANIFEST_UNKNOWN\` | The package set has no such package or several that differ in case, the source has no such tag, or no manifest with this digest is stored. | the user |
| 404 \`BLOB_UNKNOWN\` | The storage has no such blob. | the user: pull by tag |
| 405 \`UNSUPPORTED\` | The request writes or deletes. Nobody pushes to Nixery. | the user |
| 429 \`TOOMANYREQUESTS\` | The build queue is full (\`NIXERY_QUEUE\`). The answer has \`Retry-After\`. | the user: try again |
| 503 \`UNAVAILABLE\` | The storage, Nix or the source of the package set does not work, or the server is stopping. The answer has \`Retry-After\`. | the operator |
| 401, 504 | Nixery never answers so: the proxy in front of it wants a password, or gave up. | the user; the operator |
| 500 \`UNKNOWN\` | A defect of the program. The log has the details. | the developers |`
