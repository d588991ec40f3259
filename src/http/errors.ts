import * as errors from '../errors.ts'

/** One error of the registry (OCI distribution-spec, "Error Codes"), and how it is answered. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** A fault of the request itself, which only this folder can see. */
export class RequestError extends Error {
  readonly answer: ErrorAnswer
  constructor(answer: ErrorAnswer) {
    super(answer.message)
    this.answer = answer
  }
}

type Rule = (error: unknown) => ErrorAnswer | undefined

/** A line of the table: errors of a class, and of those derived from it, get this status and code. */
function on<E extends Error>(
  type: abstract new (...args: never[]) => E,
  status: number,
  code: string,
  more?: (error: E) => Partial<ErrorAnswer>,
): Rule {
  return (error) =>
    error instanceof type ? { status, code, message: error.message, ...more?.(error) } : undefined
}

/**
 * From what happened to status and code; the first line that fits counts. Clients show their users the message of a
 * 4xx and throw that of a 5xx away: so what a user can act on is 4xx, and 5xx is for what an operator has to mend.
 */
const rules: readonly Rule[] = [
  on(errors.InvalidName, 400, 'NAME_INVALID'),
  on(errors.PackagesNotFound, 404, 'MANIFEST_UNKNOWN', ({ packages }) => ({ detail: { packages } })),
  on(errors.AmbiguousPackage, 404, 'MANIFEST_UNKNOWN', ({ attribute, choices }) => ({
    detail: { attribute, choices },
  })),
  on(errors.UnknownTag, 404, 'MANIFEST_UNKNOWN'),
  on(errors.EvaluationRefused, 403, 'DENIED', ({ attribute }) => ({ detail: { attribute } })),
  on(errors.EvaluationFailed, 403, 'DENIED'),
  on(errors.BuildTimedOut, 403, 'DENIED', buildFault),
  on(errors.BuildFailed, 403, 'DENIED', buildFault),
  on(errors.DeadlineExceeded, 403, 'DENIED'),
  on(errors.QueueFull, 429, 'TOOMANYREQUESTS', ({ retryAfter }) => ({
    headers: { 'retry-after': `${retryAfter}` },
  })),
  on(errors.ManifestUnknown, 404, 'MANIFEST_UNKNOWN', ({ digest }) => ({
    message: `no manifest ${digest} is stored here: pull by tag, and it is built`,
    detail: { digest },
  })),
  on(errors.BlobUnknown, 404, 'BLOB_UNKNOWN', ({ digest }) => ({ detail: { digest } })),
  on(errors.StorageFailed, 503, 'UNAVAILABLE', retryLater),
  on(errors.PackageSetFailed, 503, 'UNAVAILABLE', retryLater),
  on(errors.SourceFailed, 503, 'UNAVAILABLE', retryLater),
  on(errors.NixFailed, 503, 'UNAVAILABLE', retryLater),
  on(errors.PackingFailed, 503, 'UNAVAILABLE', retryLater),
  on(errors.Stopping, 503, 'UNAVAILABLE', retryLater),
]

/** Lines of the log that go into the message: clients print it in one piece. */
const linesInMessage = 10
/** Characters of a line, and of a message: enough to act on, and no client has to take a megabyte. */
const longestLine = 500
const longestMessage = 8_000

function buildFault(error: errors.BuildFailed): Partial<ErrorAnswer> {
  const logTail = error.logTail.map(readable)
  const tail = logTail.slice(-linesInMessage)
  const log =
    error.derivation === undefined
      ? ''
      : `\nThe whole log, on the server: nix-store --read-log ${error.derivation}`
  return {
    message:
      [error.message, ...(tail.length > 0 ? ['The last lines of its log:', ...tail] : [])].join('\n') + log,
    detail: { derivation: error.derivation, logTail },
  }
}

/** Without what a terminal would obey, and not too long. */
function readable(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must go
  const text = line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  return text.length > longestLine ? `${text.slice(0, longestLine)} …` : text
}

function retryLater(): Partial<ErrorAnswer> {
  return { headers: { 'retry-after': '10' } }
}

/** How an error is answered. What is in no line is a fault of the program: its text stays in the log. */
export function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) return error.answer
  const answer = rules.map((rule) => rule(error)).find((one) => one !== undefined)
  if (!answer) return unforeseen
  const build = error instanceof errors.NixeryError ? error.build : undefined
  return build === undefined ? answer : { ...answer, detail: { ...answer.detail, build } }
}

const unforeseen: ErrorAnswer = {
  status: 500,
  code: 'UNKNOWN',
  message: 'an internal error happened; the log of the server tells more',
}

/** The body of an error answer (OCI distribution-spec, "Error Codes"). */
export function errorBody({ code, message, detail }: ErrorAnswer): object {
  return {
    errors: [
      { code, message: message.slice(0, longestMessage), ...(detail === undefined ? {} : { detail }) },
    ],
  }
}
