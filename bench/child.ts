import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/**
 * Runs a program of the benchmark in a process of its own: what it is told comes in as JSON, what it found
 * out goes out as JSON.
 * @param core the only core that it may use
 * @param options of Node, for the process and its threads
 */
export async function inChild(
  program: string,
  told: unknown,
  { core, options }: { readonly core?: number; readonly options?: string } = {},
): Promise<unknown> {
  const node = [process.execPath, program]
  const [file = '', ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node]
  const env = options === undefined ? process.env : { ...process.env, NODE_OPTIONS: options }
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  child.stdin.end(JSON.stringify(told))
  const found = await text(child.stdout)
  const code = await ended
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return JSON.parse(found)
}

/** What this process was told. */
export async function told(): Promise<unknown> {
  return JSON.parse(await text(process.stdin))
}

/** Says what this process found out. */
export function answer(found: unknown): void {
  process.stdout.write(JSON.stringify(found))
}
