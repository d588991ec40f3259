import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Access, Credentials } from '../access/access.ts'
import { parseAuthorization } from '../access/authorization.ts'
import { Unauthenticated } from '../errors.ts'
import { networkOf } from './clientKey.ts'
import { RequestError } from './errors.ts'

/** Where clients get tokens. */
export const tokenPath = '/token'

/** Bytes of a form. Tokens of issuers have some kilobytes. */
const longestForm = 32 << 10

const once = z.string().optional()
const query = z.object({ offline_token: once })
const form = z.object({
  grant_type: z.enum(['password', 'refresh_token']),
  username: once,
  password: once,
  refresh_token: once,
  access_type: once,
})

/**
 * `/token`: the token flow of Docker's registries. GET with `Basic` or without credentials, and POST as
 * OAuth2 (RFC 6749, 4.3 and 6). What is asked for in `scope` does not count: a token says who somebody is,
 * and the rules are applied to every request.
 */
export function registerTokens(server: FastifyInstance, access: Access): void {
  void server.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: longestForm },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body.toString()))),
    )
    scope.get(tokenPath, async (request, reply) => {
      const offline = query.safeParse(request.query).data?.offline_token === 'true'
      return answer(access, basicOf(request), { offline, client: networkOf(request.ip) }, reply)
    })
    scope.post(tokenPath, async (request, reply) => {
      const asked = form.safeParse(request.body).data
      if (!asked) throw unreadable()
      const { username = '', password = '', refresh_token: token = '' } = asked
      const credentials: Credentials =
        asked.grant_type === 'password'
          ? { kind: 'password', user: username, password }
          : { kind: 'refresh', token }
      const offline = asked.access_type === 'offline'
      return answer(access, credentials, { offline, client: networkOf(request.ip) }, reply)
    })
  })
}

function basicOf({ headers }: FastifyRequest): Credentials {
  const sent = parseAuthorization(headers.authorization)
  if (sent?.kind === 'basic') return { kind: 'password', user: sent.user, password: sent.password }
  if (headers.authorization !== undefined) throw unreadable()
  return undefined
}

async function answer(
  access: Access,
  credentials: Credentials,
  options: { readonly offline: boolean; readonly client: string },
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const { token, lifetime, refreshToken } = await access.issue(credentials, options)
    const body = {
      token,
      access_token: token,
      expires_in: lifetime,
      issued_at: new Date().toISOString(),
      token_type: 'Bearer',
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    }
    void reply.headers({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    return await reply.send(Buffer.from(JSON.stringify(body)))
  } catch (error) {
    if (!(error instanceof Unauthenticated)) throw error
    const { message } = error
    const headers = { 'www-authenticate': 'Basic realm="nixery"' }
    throw new RequestError({ status: 401, code: 'UNAUTHORIZED', message, headers })
  }
}

function unreadable(): RequestError {
  return new RequestError({
    status: 400,
    code: 'BAD_REQUEST',
    message:
      "a token is asked for by GET with Basic credentials, or by POST with a form: grant_type 'password' or 'refresh_token'",
  })
}
