import * as errors from '../errors.ts'

/** One error of the registry (OCI distribution-spec, "Error Codes"), and how it is answered. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** A fault in the request itself. Only this folder can see it. */
export class RequestError extends Error {
  readonly answer: ErrorAnswer
  constructor(answer: ErrorAnswer) {
    super(answer.message)
    this.answer = answer
  }
}

type Rule = (error: unknown) => ErrorAnswer | undefined

/** A line of the table: errors of a class or of its subclasses get this status and code. */
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
 * The status and code of each error. The first line that fits counts. Clients show the message of a 4xx to
 * their users and hide that of a 5xx. So everything that users can act on is a 4xx, and a 5xx is for
 * operators.
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

/** Lines of the log in the message. Clients print the message in one piece. */
const linesInMessage = 10
/** Characters of a line and of a message. Enough to act on, without sending a megabyte to a client. */
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

/** Removes control sequences for terminals, and cuts long lines. */
function readable(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must go
  const text = line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
  return text.length > longestLine ? `${text.slice(0, longestLine)} …` : text
}

function retryLater(): Partial<ErrorAnswer> {
  return { headers: { 'retry-after': '10' } }
}

/** How an error is answered. An error that is not in the table is a bug. Its text stays in the log. */
export function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) return error.answer
  const reason = errors.reasonOf(error)
  const answer = rules.map((rule) => rule(reason)).find((one) => one !== undefined)
  if (!answer) return unforeseen
  return error instanceof errors.ImageNotBuilt
    ? { ...answer, detail: { ...answer.detail, build: error.build } }
    : answer
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
