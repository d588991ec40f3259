import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '../logger.ts'
import { apiVersion } from './apiVersion.ts'
import { errorBody, type ErrorAnswer } from './errors.ts'

/** Milliseconds in which a client that still sends can read why it should not; closed sooner, its answer would be lost. */
const linger = 1_000

/** Answers what is no request of HTTP, which never gets to a route: in the registry's form, as everything else. */
export class Unreadable {
  readonly #logger: Logger
  readonly #newest = new WeakMap<Duplex, ServerResponse>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Remembers that a request got through on a connection. */
  note(socket: Duplex, response: ServerResponse): void {
    this.#newest.set(socket, response)
  }

  /** Ends a connection on which something came that Node could not read, with an answer where none is owed before it. */
  answer(error: Error & { readonly code?: string; readonly reason?: string }, socket: Duplex): void {
    // What comes behind it is not read either, and Node says so again.
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

/** Whether an answer would come into the middle of another, or be taken for that to a request without a fault. */
function isMistakable(newest: ServerResponse | undefined): boolean {
  if (!newest || newest.writableFinished) return false
  return newest.req.complete || !newest.socket || newest.headersSent
}

/** Undefined for the connection's own faults: nobody is there to be told. */
function answerFor({ code = '', reason }: { readonly code?: string; readonly reason?: string }) {
  const answer = answers[code]
  if (answer) return answer
  return code.startsWith('HPE_') ? unreadable(reason) : undefined
}

/** By what Node (and its parser, llhttp) calls them. */
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

function unreadable(reason: string | undefined): ErrorAnswer {
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
