import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'
import { Provider } from 'oidc-provider'
import { z } from 'zod'

/** An OIDC issuer of this process: a real provider, whose clients get tokens for themselves. */
export interface Issuer {
  readonly address: string
  /** A token of a client. */
  token(client: string, options?: { readonly audience?: string }): Promise<string>
  /** A token as the issuer would have made it at another time, signed with its key. */
  signed(claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Signs with a new key from now on. */
  rotate(): Promise<void>
  keyId(): string
  publicKey(): Promise<JWK>
  stop(): Promise<void>
}

const clients = ['tester', 'deployer'] as const
const answerSchema = z.object({ access_token: z.string() })

/** @param audience that its tokens are for if they are not asked to be for another */
export async function startIssuer(audience: string): Promise<Issuer> {
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  let keys = 0
  let key: JWK
  let server: Server
  const start = async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    key = { ...(await exportJWK(privateKey)), kid: `key-${++keys}`, alg: 'RS256', use: 'sig' }
    const answer = providerWith(address, audience, key).callback()
    server = createServer((request, response) => void answer(request, response))
    server.listen(port, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  }
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await start()
  return {
    address,
    token: async (client, { audience: wanted = audience } = {}) => {
      const response = await fetch(`${address}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client}:secret`).toString('base64')}` },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: `urn:${wanted}`,
        }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return answerSchema.parse(JSON.parse(text)).access_token
    },
    signed: async (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: key.kid ?? '' })
        .sign(await importJWK(key, 'RS256')),
    rotate: async () => {
      await stop()
      await start()
    },
    keyId: () => key.kid ?? '',
    publicKey: async () => ({ kty: key.kty ?? 'RSA', n: key.n ?? '', e: key.e ?? '' }),
    stop,
  }
}

function providerWith(address: string, audience: string, key: JWK): Provider {
  return new Provider(address, {
    clients: clients.map((name) => ({
      client_id: name,
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [key] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => {
          const [, wanted = audience] = resource.split(':')
          return {
            scope: '',
            audience: wanted,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 600,
            jwt: { sign: { alg: 'RS256' } },
          }
        },
      },
    },
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
