import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { machineSystem } from './lock/debian.ts'
import { writeSet } from './lock/writeSet.ts'

/** A directory that is gone when the tests of this file are over. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'demo-'))
  after(() => rmSync(directory, { recursive: true }))
  return directory
}

/** The package set in a directory of its own; what it builds is shared with every other copy. */
export function makeSet(): string {
  const directory = join(scratchDirectory(), 'set')
  writeSet(directory, [machineSystem])
  return directory
}

/** Builds attributes and returns their store paths, in order. */
export function build(set: string, attributes: readonly string[]): readonly string[] {
  const chosen = attributes.flatMap((attribute) => ['-A', attribute])
  const args = [set, '--no-out-link', '--option', 'substitute', 'false', '--max-jobs', 'auto', ...chosen]
  const paths = execFileSync('nix-build', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return paths.trim().split('\n')
}

/** Everything that store paths need, themselves included. */
export function closureOf(paths: readonly string[]): readonly string[] {
  return execFileSync('nix-store', ['--query', '--requisites', ...paths], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

export function run(program: string, args: readonly string[], env = process.env): SpawnSyncReturns<string> {
  return spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 2 ** 26 })
}
