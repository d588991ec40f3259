import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '../logger.ts'
import { errorBody, type ErrorAnswer } from './errors.ts'
import { apiVersion } from './registryPath.ts'

/** Milliseconds. A client that is still sending loses the answer if its connection is closed at once. */
const linger = 1_000

/**
 * Answers requests that are not valid HTTP. They never reach a route, but the answers have the registry's
 * form like all others.
 */
export class MalformedRequests {
  readonly #logger: Logger
  /** The answer to the last valid request of each connection. */
  readonly #newest = new WeakMap<Duplex, ServerResponse>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Remembers the answer to a valid request of a connection. */
  validRequest(socket: Duplex, response: ServerResponse): void {
    this.#newest.set(socket, response)
  }

  /**
   * Ends a connection after bytes that Node could not parse. Answers if no earlier answer is still to come.
   */
  answer(error: Error & { readonly code?: string; readonly reason?: string }, socket: Duplex): void {
    // Node reports the same connection again for the bytes that follow.
    if (socket.writableEnded) return
    const answer = answerFor(error)
    if (!answer || !socket.writable || isMistakable(this.#newest.get(socket))) {
      socket.destroy()
      return
    }
    this.#logger.debug({ status: answer.status, fault: answer.message }, 'request refused')
    socket.end(bytesOf(answer))
    const late = setTimeout(() => socket.destroy(), linger)
    socket.once('close', () => clearTimeout(late))
  }
}

/**
 * Whether a client would take the answer for a part of another answer, or for the answer to another request.
 */
function isMistakable(newest: ServerResponse | undefined): boolean {
  if (!newest || newest.writableFinished) return false
  return newest.req.complete || !newest.socket || newest.headersSent
}

/** Undefined if the connection itself has failed: nobody reads an answer then. */
function answerFor({ code = '', reason }: { readonly code?: string; readonly reason?: string }) {
  const answer = answers[code]
  if (answer) return answer
  return code.startsWith('HPE_') ? badRequest(reason) : undefined
}

/** The answers, by the error codes of Node and its parser llhttp. */
const answers: Readonly<Record<string, ErrorAnswer>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    message: 'path and headers have more than 16 KiB together',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'CONTENT_TOO_LARGE',
    message: 'the chunks of the body have extensions of more than 16 KiB',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: 'the request did not get to its end in time',
  },
}

function badRequest(reason: string | undefined): ErrorAnswer {
  const message = `this is no request of HTTP/1.1${reason === undefined ? '' : `: ${reason}`}`
  return { status: 400, code: 'BAD_REQUEST', message }
}

function bytesOf(answer: ErrorAnswer): Buffer {
  const body = Buffer.from(JSON.stringify(errorBody(answer)))
  const lines = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    ...Object.entries(apiVersion).map(([name, value]) => `${name}: ${value}`),
    'cache-control: no-store',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `date: ${new Date().toUTCString()}`,
    'connection: close',
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
}
