import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { serverVariables } from './variables.ts'

/** A server in a process of its own, for what only a process can do: be killed. */
export interface ChildServer {
  readonly address: string
  readonly pid: number
  /** All lines of its log so far. */
  readonly log: readonly string[]
  /** Waits for a line of its log that has the text. */
  waitFor(text: string): Promise<void>
  /** Fulfilled with its exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

/** The command as users call it: it finds the Nix that the set-up unpacked. */
const command = 'bin/nixery.js'

/** The command itself, which has only the Nix of its PATH. */
export const bareCommand = 'src/commands/cli.ts'

/** Starts a server by one of the two and waits until it listens. @param folder for storage and state */
export async function startChildServer(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
  program: typeof command | typeof bareCommand = command,
): Promise<ChildServer> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../..', program), 'serve'], {
    env: {
      ...process.env,
      ...serverVariables(folder),
      NIXERY_LOG_LEVEL: 'debug',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(line)
    for (const wake of waiting) wake()
  })
  const closed = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  const waitFor = (text: string) => {
    const found = new Promise<void>((resolve) => {
      const look = () => {
        if (!log.some((line) => line.includes(text))) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
    const ended = closed.then((how) => {
      throw new Error(`the server ended (${how}) before it logged '${text}':\n${log.join('\n')}`)
    })
    return Promise.race([found, ended])
  }
  await waitFor('listening on')
  const address =
    /http:\/\/[\d.]+:\d+/.exec(log.find((line) => line.includes('listening on')) ?? '')?.[0] ?? ''
  return {
    address,
    pid: child.pid ?? -1,
    log,
    waitFor,
    end: (signal) => {
      child.kill(signal)
      return closed
    },
  }
}
