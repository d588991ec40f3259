import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createNix } from '../../src/nix/createNix.ts'
import type { PathInfo } from '../../src/store/pathInfo.ts'
import { demoSet } from '../../test/support/variables.ts'

const root = join(import.meta.dirname, '../..')

/** Has the packages built, and says what they need, all together. */
export async function demoClosure(
  attributes: readonly string[],
  state: string,
): Promise<readonly PathInfo[]> {
  const { status } = spawnSync(process.execPath, [join(root, 'demo/fetch.ts'), ...attributes, '--build'], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error(`the demo set could not be built: ${status}`)
  const nix = await createNix({ timeout: 600, stateDir: resolve(state) })
  const run = { signal: AbortSignal.timeout(600_000), onEvent: () => undefined }
  const system = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'
  const location = { kind: 'path', path: demoSet } as const
  const packages = await nix.evaluate({ location, system, attributes }, run)
  const held = await nix.realise(packages, run)
  const closure = await nix.closure(
    packages.flatMap(({ outputs }) => outputs.map(({ path }) => path)),
    run,
  )
  await held.release()
  await nix.close()
  return closure
}

/** Attributes that the machine's set has, of those that are wished for. */
export function present(attributes: readonly string[]): readonly string[] {
  const text = readFileSync(
    join(demoSet, `lock.${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux.json`),
    'utf8',
  )
  return attributes.filter((name) => text.includes(`"${name}"`))
}
