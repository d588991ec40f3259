import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import type { TestContext } from 'node:test'
import type { TestRepository } from './testing.ts'

/** What was asked for, and where a test's remote is. */
interface ServedRepository {
  readonly url: string
  readonly requests: string[]
  /** Ends all connections: the remote is down. */
  stop(): void
}

/**
 * A repository over plain HTTP, as files (git's "dumb" protocol), with tarballs of its commits under
 * `archive/<commit>.tar.gz` as GitHub has them. For tests.
 */
export async function serveRepository(
  context: TestContext,
  repository: TestRepository,
): Promise<ServedRepository> {
  const requests: string[] = []
  await repository.git('update-server-info')
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    requests.push(path)
    const commit = /^\/archive\/([0-9a-f]{40})\.tar\.gz$/.exec(path)?.[1]
    const file =
      commit === undefined ? join(repository.folder, '.git', path) : `${repository.folder}.${commit}.tar.gz`
    const archived =
      commit === undefined
        ? Promise.resolve('')
        : repository.git('archive', '--prefix=set/', `--output=${file}`, commit)
    const fail = () => void response.writeHead(404).end()
    archived.then(() => createReadStream(file).once('error', fail).pipe(response), fail)
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
