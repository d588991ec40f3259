import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect } from 'node:net'

/** A server's program that runs. */
export interface RunningProgram {
  /** What it wrote so far. */
  readonly output: () => string
  /** Sends it a signal that it does not end of, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void
  /** Ends it, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Milliseconds that a server gets to listen. */
const patience = 20_000

/** A port of this machine that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Starts a server and waits until it listens. @throws with its output when it ends instead */
export async function startProgram(
  program: string,
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = (output + String(chunk)).slice(-100_000)))
  const closed = once(child, 'close')
  const until = performance.now() + patience
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`${program} does not listen on ${port}:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    output: () => output,
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGKILL') => {
      child.kill(signal)
      await closed
    },
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
