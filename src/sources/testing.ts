import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BuildEvent, RunOptions } from '../work/events.ts'
import { run as runProgram } from '../process/run.ts'
import type { TipRecords } from './trustedTips.ts'

/** A folder that goes with the test. */
export async function createFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export function recordingRun(context: TestContext): { run: RunOptions; events: BuildEvent[] } {
  const events: BuildEvent[] = []
  return { run: { signal: context.signal, onEvent: (event) => void events.push(event) }, events }
}

/** Records of tips that go with the test. */
export function memoryTips(): TipRecords & { readonly ids: readonly string[] } {
  const seen = new Map<string, object>()
  return {
    get: async (id) => seen.get(id),
    put: async ([id], value) => void seen.set(id, value),
    get ids() {
      return [...seen.keys()]
    },
  }
}

/** A real git repository, untouched by the machine's configuration. */
export class TestRepository {
  readonly folder: string

  readonly #signal: AbortSignal

  constructor(folder: string, { signal }: TestContext) {
    this.folder = folder
    this.#signal = signal
  }

  static async create(context: TestContext, folder: string): Promise<TestRepository> {
    await mkdir(folder, { recursive: true })
    const repository = new TestRepository(folder, context)
    await repository.git('init', '--quiet', '--initial-branch=main')
    return repository
  }

  async git(...args: readonly string[]): Promise<string> {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org']
    const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', GIT_DIR: undefined }
    const options = { cwd: this.folder, env, signal: this.#signal }
    const { code, stdout, stderrTail } = await runProgram('git', [...identity, ...args], options)
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderrTail.join(' ')}`)
    return stdout.trim()
  }

  /** Commits files by name and content and answers the commit. */
  async commit(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true })
      await writeFile(join(this.folder, name), content)
    }
    await this.git('add', '--all')
    await this.git('commit', '--quiet', '--allow-empty', '--message=a change')
    return this.git('rev-parse', 'HEAD')
  }
}
