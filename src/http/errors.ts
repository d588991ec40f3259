import * as errors from '../errors.ts'

/** One error of the registry (OCI distribution-spec, "Error Codes"), and how it is answered. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: unknown
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

type Row<E extends Error> = readonly [
  type: abstract new (...args: never[]) => E,
  status: number,
  code: string,
  more?: (error: E) => Partial<ErrorAnswer>,
]

const row = <E extends Error>(...cells: Row<E>): Row<Error> => cells as unknown as Row<Error>

/**
 * From what happened to status and code; the first row that fits counts. Clients show their users the message of a
 * 4xx and throw that of a 5xx away: so what a user can act on is 4xx, and 5xx is for what an operator has to mend.
 */
const table: readonly Row<Error>[] = [
  row(errors.InvalidName, 400, 'NAME_INVALID'),
  row(errors.PackagesNotFound, 404, 'MANIFEST_UNKNOWN', ({ packages }) => ({ detail: { packages } })),
  row(errors.AmbiguousPackage, 404, 'MANIFEST_UNKNOWN', ({ attribute, choices }) => ({
    detail: { attribute, choices },
  })),
  row(errors.UnknownTag, 404, 'MANIFEST_UNKNOWN'),
  row(errors.EvaluationRefused, 403, 'DENIED', ({ attribute }) => ({ detail: { attribute } })),
  row(errors.EvaluationFailed, 403, 'DENIED'),
  row(errors.BuildTimedOut, 403, 'DENIED', buildFault),
  row(errors.BuildFailed, 403, 'DENIED', buildFault),
  row(errors.DeadlineExceeded, 403, 'DENIED'),
  row(errors.QueueFull, 429, 'TOOMANYREQUESTS', ({ retryAfter }) => ({
    headers: { 'retry-after': `${retryAfter}` },
  })),
  row(errors.BlobUnknown, 404, 'BLOB_UNKNOWN', ({ digest }) => ({ detail: { digest } })),
  row(errors.StorageFailed, 503, 'UNAVAILABLE', retryLater),
  row(errors.SourceFailed, 503, 'UNAVAILABLE', retryLater),
  row(errors.NixFailed, 503, 'UNAVAILABLE', retryLater),
  row(errors.Stopping, 503, 'UNAVAILABLE', retryLater),
]

/** Lines of the log that go into the message: clients print it in one piece. */
const linesInMessage = 10

function buildFault(error: errors.BuildFailed): Partial<ErrorAnswer> {
  const tail = error.logTail.slice(-linesInMessage)
  const log =
    error.derivation === undefined
      ? ''
      : `\nThe whole log, on the server: nix-store --read-log ${error.derivation}`
  return {
    message:
      [error.message, ...(tail.length > 0 ? ['The last lines of its log:', ...tail] : [])].join('\n') + log,
    detail: { derivation: error.derivation, logTail: error.logTail },
  }
}

function retryLater(): Partial<ErrorAnswer> {
  return { headers: { 'retry-after': '10' } }
}

/** How an error is answered. What is in no row is a fault of the program: its text stays in the log. */
export function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof RequestError) return error.answer
  for (const [type, status, code, more] of table) {
    if (error instanceof type) return { status, code, message: error.message, ...more?.(error) }
  }
  return {
    status: 500,
    code: 'UNKNOWN',
    message: 'an internal error happened; the log of the server tells more',
  }
}

/** The body of an error answer (OCI distribution-spec, "Error Codes"). */
export function errorBody({ code, message, detail }: ErrorAnswer): object {
  return { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] }
}
