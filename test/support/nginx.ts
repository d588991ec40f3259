import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where Debian has it, and where `npm run bench` unpacks it. */
const places = ['/usr/sbin/nginx', join(import.meta.dirname, '../../var/tools/nginx/usr/sbin/nginx')]

/** The program, where one is installed. */
export const nginxProgram = places.find((path) => existsSync(path))

export interface Nginx {
  /** `http://127.0.0.1:PORT` */
  readonly address: string
  /** Its processes: the master, and the one that serves. */
  pids(): readonly number[]
  stop(): Promise<void>
}

/**
 * An nginx with one worker, a folder of its own and nothing of the machine's configuration.
 * @param servers text of the `http` block, for a port
 */
export async function startNginx(servers: (port: number) => string): Promise<Nginx> {
  if (nginxProgram === undefined) throw new Error('nginx is not installed')
  const folder = await mkdtemp(join(tmpdir(), 'nixery-nginx-'))
  const port = await freePort()
  await mkdir(join(folder, 'temp'))
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, servers(port)))
  const child = spawn(nginxProgram, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await untilListening(port, child)
  return {
    address: `http://127.0.0.1:${port}`,
    pids: () => [child.pid ?? -1, ...childrenOf(child.pid ?? -1)],
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, servers: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${kinds.map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`).join('\n  ')}
${servers}
}
`
}

/** Another process may take it first; then nginx says so, and the test fails clearly. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
    const answered = await fetch(`http://127.0.0.1:${port}/nothing-here`).then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(20)
  }
}

function childrenOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}
