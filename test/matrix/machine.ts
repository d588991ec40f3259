import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Outcome } from '../support/clients.ts'
import { workFolder } from './folders.js'

/** Clients find nothing of the surrounding environment, and write their configuration into their own home. */
const environment = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/matrix', 'LANG=C.UTF-8']

/** Milliseconds between two looks whether a daemon answers, and until it is given up. */
const daemonPause = 200
const daemonPatience = 60_000

/** Seconds after which a command hangs; some clients try for minutes before they tell of an error. */
const patience = 1200

/**
 * A Debian of some suite, in namespaces of its own: mounts and processes end with it. It shares the network.
 */
export class Machine {
  /** What the machine sees as `/matrix`; empty in the beginning. */
  readonly folder: string
  readonly #holder: ChildProcess
  readonly #first: string

  private constructor(folder: string, holder: ChildProcess, first: string) {
    this.folder = folder
    this.#holder = holder
    this.#first = first
  }

  /** @param root the folder that a Debian was installed to */
  static async start(root: string): Promise<Machine> {
    mkdirSync(workFolder, { recursive: true })
    const folder = mkdtempSync(join(workFolder, `${process.pid}-`))
    const namespaces = ['--mount', '--propagation=private', '--pid', '--fork', '--kill-child=SIGKILL']
    const enter = join(import.meta.dirname, 'enter.sh')
    const holder = spawn('unshare', [...namespaces, enter, root, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'close').then(() => Promise.reject(new Error(`no machine in ${root}`))),
    ])
    const first = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
    return new Machine(folder, holder, first)
  }

  /**
   * Runs a program of the machine to its end, which comes with code 124 when it hangs. Does not throw when it
   * fails.
   */
  run(program: string, args: readonly string[], variables: readonly string[] = []): Promise<Outcome> {
    const inside = ['--target', this.#first, '--mount', '--pid', '--root', '--wd']
    const limit = ['timeout', '--kill-after=5', `${patience}`]
    return run('nsenter', [...inside, 'env', '-i', ...environment, ...variables, ...limit, program, ...args])
  }

  /**
   * Starts a program that stays, and waits until a question to it succeeds.
   * @throws Error with its log when it does not come up
   */
  async daemon(command: readonly string[], question: readonly string[]): Promise<void> {
    const log = '/matrix/daemon.log'
    await this.run('sh', ['-c', `"$@" >${log} 2>&1 &`, 'sh', ...command])
    const [program = '', ...args] = question
    for (let waited = 0; waited < daemonPatience; waited += daemonPause) {
      const { code } = await this.run(program, args)
      if (code === 0) return
      await new Promise((resolve) => setTimeout(resolve, daemonPause))
    }
    throw new Error(`${command[0]} does not answer:\n${(await this.run('cat', [log])).stdout}`)
  }

  async stop(): Promise<void> {
    const closed = once(this.#holder, 'close')
    this.#holder.stdin?.end()
    await closed
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Removes the folders of machines whose process was killed. */
export function removeLeftovers(): void {
  if (!existsSync(workFolder)) return
  for (const name of readdirSync(workFolder)) {
    if (existsSync(`/proc/${name.split('-')[0]}`)) continue
    rmSync(join(workFolder, name), { recursive: true, force: true })
  }
}
