import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { z } from 'zod'
import { startServer, type TestServer } from '../support/server.ts'
import { ask, type Answer } from '../support/wire.ts'

/** A server with an access file. */
export interface AccessServer extends TestServer {
  /** Folder of the access file `access.yaml` and of `users`. */
  readonly folder: string
  /** Replaces the access file and waits until the server has looked at it. */
  rewrite(file: string, text: string): Promise<void>
}

/** Milliseconds in which a server looks at changed files at the latest. */
const lookTime = 1_500

/** Passwords are those of `users`. */
export const users = { alice: 'correct horse', bob: 'battery staple' } as const

/** Lines of a file of users, as `htpasswd -B` writes them, with few rounds. */
export function htpasswd(of: Readonly<Record<string, string>> = users): string {
  return Object.entries(of)
    .map(([name, password]) => `${name}:${bcrypt.hashSync(password, 4).replace('$2b$', '$2y$')}\n`)
    .join('')
}

/** @param rules the text of the access file; it may name the file `users`. Variables as in README. */
export async function startAccessServer(
  rules: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<AccessServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-access-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await writeFile(join(folder, 'users'), htpasswd())
    await writeFile(join(folder, 'access.yaml'), rules)
    const server = await startServer({ NIXERY_ACCESS: join(folder, 'access.yaml'), ...variables })
    return {
      ...server,
      folder,
      rewrite: async (file, text) => {
        await writeFile(join(folder, file), text)
        await new Promise((resolve) => setTimeout(resolve, lookTime))
      },
      stop: async () => {
        await server.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

export function basic(user: string, password: string): readonly string[] {
  return ['authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`]
}

export function bearer(token: string): readonly string[] {
  return ['authorization', `Bearer ${token}`]
}

const tokenAnswer = z.object({
  token: z.string(),
  access_token: z.string(),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
})

/** Asks `/token`. @param headers credentials, if any @throws if the answer is none */
export async function fetchToken(
  address: string,
  headers: readonly string[] = [],
  query = '',
): Promise<z.output<typeof tokenAnswer>> {
  return tokenOf(await ask(address, { path: `/token${query}`, headers }))
}

export async function postToken(address: string, form: Readonly<Record<string, string>>): Promise<Answer> {
  return ask(address, {
    method: 'POST',
    path: '/token',
    headers: ['content-type', 'application/x-www-form-urlencoded'],
    payload: new URLSearchParams(form).toString(),
  })
}

export function tokenOf(answer: Answer): z.output<typeof tokenAnswer> {
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body.toString()}`)
  return tokenAnswer.parse(JSON.parse(answer.body.toString()))
}
