import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestRepository } from './testing.ts'

/** What was asked for, and where a test's remote is. */
interface ServedRepository {
  readonly url: string
  readonly requests: string[]
  /** Ends all connections: the remote is down. */
  stop(): void
}

interface ServeOptions {
  /** Whether git's own server answers, rather than files (git's "dumb" protocol). */
  readonly smart?: boolean
  /** `user:password` that clients have to show. */
  readonly credentials?: string
  /** Milliseconds before each answer. */
  readonly delay?: number
  /** Answers some requests itself, and says which. */
  readonly instead?: (path: string, request: IncomingMessage, response: ServerResponse) => boolean
}

/**
 * A repository over plain HTTP, with tarballs of its commits under `archive/<commit>.tar.gz` as GitHub has
 * them. For tests.
 */
export async function serveRepository(
  context: TestContext,
  repository: TestRepository,
  options: ServeOptions = {},
): Promise<ServedRepository> {
  const requests: string[] = []
  await repository.git('update-server-info')
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
    const path = normalize(decodeURIComponent(pathname))
    requests.push(path)
    if (options.delay !== undefined) await sleep(options.delay)
    const shown = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    if (options.credentials !== undefined && shown !== options.credentials)
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end()
    if (options.instead?.(path, request, response) === true) return undefined
    const commit = /^\/archive\/([0-9a-f]{40})\.tar\.gz$/.exec(path)?.[1]
    if (commit !== undefined) return sendArchive(repository, commit, response)
    if (options.smart === true) return askGit(repository, path, search, request, response)
    return sendFile(join(repository.folder, '.git', path), response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  context.after(stop)
  const { port } = server.address() as AddressInfo // it listens on a port
  return { url: `http://127.0.0.1:${port}`, requests, stop }
}

async function sendArchive(repository: TestRepository, commit: string, response: ServerResponse) {
  const file = `${repository.folder}.${commit}.tar.gz`
  try {
    await repository.git('archive', '--prefix=set/', `--output=${file}`, commit)
  } catch {
    return response.writeHead(404).end()
  }
  return sendFile(file, response)
}

function sendFile(file: string, response: ServerResponse): void {
  createReadStream(file)
    .once('error', () => void response.writeHead(404).end())
    .pipe(response)
}

/** Runs git-http-backend as a web server does (RFC 3875). */
function askGit(
  repository: TestRepository,
  path: string,
  search: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const variables = {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_PROJECT_ROOT: join(repository.folder, '.git'),
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: request.headers['git-protocol'],
    PATH_INFO: path,
    QUERY_STRING: search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
  }
  const given = Object.entries(variables).flatMap(([name, value]) =>
    typeof value === 'string' ? [`${name}=${value}`] : [],
  )
  const backend = spawn('env', [...given, 'git', 'http-backend'], { stdio: ['pipe', 'pipe', 'ignore'] })
  request.pipe(backend.stdin).on('error', () => {})
  const chunks: Buffer[] = []
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  backend.on('close', () => {
    const output = Buffer.concat(chunks)
    const end = output.indexOf('\r\n\r\n')
    const headers = output.toString('latin1', 0, end).split('\r\n')
    const fields = headers.map((header) => header.split(/: (.*)/s).slice(0, 2) as [string, string])
    const status = fields.find(([name]) => name === 'Status')?.[1]
    response.writeHead(Number.parseInt(status ?? '200', 10), Object.fromEntries(fields))
    response.end(output.subarray(end + 4))
  })
}
