import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BuildEvent, RunOptions } from '../work/events.ts'
import { createNix, type CreateNixOptions } from './createNix.ts'
import type { EvaluationQuery } from './nix.ts'
import type { Package } from '../store/package.ts'

/**
 * A real Nix for tests, without sandbox, build users and binary caches: it must work as root in a container.
 */
export const testEnvironment = { NIX_CONFIG: 'substituters =\nsandbox = false\nbuild-users-group =\n' }

/** The versions of Nix on this machine: the one that tests use, and that of the system if it is another. */
export const nixVersions = [{}, { PATH: '/usr/bin:/bin' }]
  .map((env) => ({ env, version: versionOf(env) }))
  .filter(
    ({ version }, index, all) => version !== '' && all.findIndex((one) => one.version === version) === index,
  )

function versionOf(env: Readonly<Record<string, string>>): string {
  try {
    const text = execFileSync('nix-instantiate', ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    return text.trim().split(' ').at(-1) ?? ''
  } catch {
    return ''
  }
}

/**
 * `make NAME SCRIPT EXTRA` is a derivation whose builder is a shell script; `ok NAME EXTRA` writes its
 * outputs.
 */
const prelude = `
make = name: script: extra: derivation ({
  name = "\${name}-\${run}";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" script ];
  PATH = "/bin:/usr/bin";
} // extra);
ok = name: make name "for o in \\\${outputs:-out}; do eval echo $name '>' \\\\$$o; done";
`

export interface TestNix {
  readonly nix: Awaited<ReturnType<typeof createNix>>
  readonly stateDir: string
  readonly folder: string
  readonly events: BuildEvent[]
  /** Records every event, and ends with the test. */
  readonly run: RunOptions
  /**
   * Evaluates attributes of a set that is the body of a Nix `let … in` with `make`, `ok` and a `run` of its
   * own.
   */
  readonly evaluate: (body: string, attributes: readonly string[]) => Promise<readonly Package[]>
  /** The same, with derivations in the local store. */
  readonly instantiate: (body: string, attributes: readonly string[]) => Promise<readonly Package[]>
}

/** Names are new in every run, so that nothing is answered out of what an earlier run built. */
export async function createTestNix(
  context: TestContext,
  { timeout = 60, env = {} }: { timeout?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<TestNix> {
  const folder = await createFolder()
  const stateDir = join(folder, 'state')
  const nix = await createNix({ timeout, stateDir, env: { ...testEnvironment, ...env } })
  context.after(async () => {
    await nix.close()
    await rm(folder, { recursive: true, force: true })
  })
  const events: BuildEvent[] = []
  const run = { signal: context.signal, onEvent: (event: BuildEvent) => void events.push(event) }
  return {
    nix,
    stateDir,
    folder,
    events,
    run,
    async evaluate(body, attributes) {
      return nix.evaluate(await queryFor(folder, body, attributes), run)
    },
    async instantiate(body, attributes) {
      return nix.instantiate(await queryFor(folder, body, attributes), run)
    },
  }
}

/** A folder that an evaluator can reach, who may be another user than this one. */
async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  await chmod(folder, 0o755)
  return folder
}

async function queryFor(
  folder: string,
  body: string,
  attributes: readonly string[],
): Promise<EvaluationQuery> {
  const location = { kind: 'path', path: await writeSet(folder, body) } as const
  return { location, system: 'x86_64-linux', attributes }
}

/** Writes a package set and answers the path of its folder. */
export async function writeSet(folder: string, body: string): Promise<string> {
  const set = await mkdtemp(join(folder, 'set-'))
  await chmod(set, 0o755)
  const text = `let run = "${randomUUID()}"; ${prelude} in\n${body}\n`
  await writeFile(join(set, 'default.nix'), text)
  return set
}

/** A Nix that evaluates one attribute at a time, and answers a package as JSON, or an error as text. */
interface AskedNix {
  readonly nix: Awaited<ReturnType<typeof createNix>>
  readonly ask: (attribute: string, onEvent?: (event: BuildEvent) => void) => Promise<string>
}

/** By default nothing but Nix itself stands between the set and the machine. */
export async function createAskedNix(
  context: TestContext,
  path: string,
  options: Partial<CreateNixOptions> & { readonly evaluators: number },
): Promise<AskedNix> {
  const stateDir = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  await chmod(stateDir, 0o755)
  const nix = await createNix({ timeout: 60, stateDir, isolation: 'none', ...options })
  context.after(async () => {
    await nix.close()
    await rm(stateDir, { recursive: true, force: true })
  })
  const location = { kind: 'path', path } as const
  return {
    nix,
    ask: (attribute, onEvent = () => {}) =>
      nix
        .evaluate(
          { revision: 'hostile', location, system: 'x86_64-linux', attributes: [attribute] },
          { signal: AbortSignal.timeout(120_000), onEvent },
        )
        .then(
          (packages) => JSON.stringify(packages),
          (error: unknown) => String(error),
        ),
  }
}
