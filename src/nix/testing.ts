import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BuildEvent, RunOptions } from '../work/events.ts'
import { createNix } from './createNix.ts'
import type { Package } from '../store/package.ts'

/**
 * A real Nix for tests, without sandbox, build users and binary caches: it must work as root in a container.
 */
export const testEnvironment = { NIX_CONFIG: 'substituters =\nsandbox = false\nbuild-users-group =\n' }

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
}

/** Names are new in every run, so that nothing is answered out of what an earlier run built. */
export async function createTestNix(
  context: TestContext,
  { timeout = 60, env = {} }: { timeout?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<TestNix> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-test-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const stateDir = join(folder, 'state')
  const nix = await createNix({ timeout, stateDir, env: { ...testEnvironment, ...env } })
  const events: BuildEvent[] = []
  const run = { signal: context.signal, onEvent: (event: BuildEvent) => void events.push(event) }
  return {
    nix,
    stateDir,
    folder,
    events,
    run,
    async evaluate(body, attributes) {
      const location = { kind: 'path', path: await writeSet(folder, body) } as const
      return nix.evaluate({ location, system: 'x86_64-linux', attributes }, run)
    },
  }
}

/** Writes a package set and answers the path of its folder. */
export async function writeSet(folder: string, body: string): Promise<string> {
  const set = await mkdtemp(join(folder, 'set-'))
  const text = `let run = "${randomUUID()}"; ${prelude} in\n${body}\n`
  await writeFile(join(set, 'default.nix'), text)
  return set
}
