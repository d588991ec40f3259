import { request } from 'node:http'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'

export interface Question {
  readonly method?: string
  /** As it goes over the wire: nothing of it is normalised or encoded. */
  readonly path: string
  /** Names and values in turn, so that a name may come more than once. */
  readonly headers?: readonly string[]
  /** Sent as it is, with a `Content-Length`. */
  readonly payload?: string
}

export interface Answer {
  readonly status: number
  /** Names in lower case; what came in several lines is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * One request on a connection of its own. `fetch` would normalise the path, join headers and decode bodies.
 */
export async function ask(
  address: string,
  { method = 'GET', path, headers = [], payload }: Question,
): Promise<Answer> {
  const { hostname, port, host } = new URL(address)
  const length = payload === undefined ? [] : ['content-length', `${Buffer.byteLength(payload)}`]
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, method, path, headers: ['host', host, ...length, ...headers], agent: false },
      (response) => {
        buffer(response).then(
          (bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: joined(response.headersDistinct),
              body: bytes,
            }),
          reject,
        )
      },
    )
    asked.on('error', reject)
    asked.end(payload)
  })
}

function joined(distinct: NodeJS.Dict<string[]>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(distinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
  )
}

/**
 * Sends bytes as they are and gives all that comes back until the server closes the connection, one character
 * a byte.
 * @param hangUp says with the bytes that there will be no more, as a client does that leaves
 */
export async function sendRaw(
  address: string,
  bytes: string | Uint8Array,
  { hangUp } = { hangUp: false },
): Promise<string> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port) })
  if (hangUp) socket.end(bytes)
  else socket.write(bytes)
  return (await buffer(socket)).toString('latin1')
}

/** The body of an error (OCI distribution-spec, "Error Codes"). Ours has exactly one. */
export const errorsSchema = z.object({
  errors: z.tuple([
    z.object({ code: z.string(), message: z.string().min(1), detail: z.unknown().optional() }),
  ]),
})

/**
 * The error of an answer, which has exactly one. @throws when the body is not what the specification says of
 * errors
 */
export function errorOf({ headers, body }: Answer): { readonly code: string; readonly message: string } {
  if (headers['content-type'] !== 'application/json') {
    throw new Error(`an error typed ${headers['content-type']}: ${body.toString()}`)
  }
  return errorsSchema.parse(JSON.parse(body.toString())).errors[0]
}
