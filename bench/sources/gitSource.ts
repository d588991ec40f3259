import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { run as runProgram } from '../../src/process/run.ts'
import { createGitSource } from '../../src/sources/git.ts'
import { silently } from '../../src/work/events.ts'
import type { Floor } from '../floors.ts'
import type { Row } from '../report.ts'
import { median, timeOf } from './median.ts'

const execute = promisify(execFile)
const most = 1.5
const run = silently(new AbortController().signal)

/** A repository of one commit. @returns its address */
export async function makeRepository(parent: string, tree: string): Promise<string> {
  const folder = join(parent, 'repository.git')
  const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.org']
  const git = (...args: string[]) =>
    execute('git', [...identity, `--git-dir=${folder}`, `--work-tree=${tree}`, ...args], { cwd: tree })
  await git('init', '--quiet')
  await git('config', 'gc.auto', '0')
  await git('add', '--all')
  await git('commit', '--quiet', '--message=all')
  await git('repack', '-adq')
  return `file://${folder}`
}

/** The first checkout, beside what git alone takes for it. Both write, and neither waits for the disk. */
export async function gitSource(parent: string, address: string, rounds: number) {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    const clone = join(parent, `clone${round}`)
    await execute('sync')
    // As nice to others as what the server runs.
    theirs.push(
      await timeOf(() =>
        runProgram('git', ['clone', '--quiet', '--depth=1', address, clone], { signal: run.signal }),
      ),
    )
    await rm(clone, { recursive: true })
    await execute('sync')
    const cacheDir = join(parent, `sources${round}`)
    const source = newSource(address, cacheDir)
    ours.push(await timeOf(async () => source.fetch(await source.pin('latest', run), run)))
    await source.close()
    await rm(cacheDir, { recursive: true })
  }
  const ratio = median(ours.map((time, round) => time / (theirs[round] ?? NaN)))
  const rows: Row[] = [
    { '': 'git clone --depth 1', ms: median(theirs) },
    { '': 'a first checkout', ms: median(ours), 'times git': ratio },
  ]
  const floors: Floor[] = [
    {
      what: 'a first checkout beside git clone --depth 1, times',
      least: `${most}`,
      here: ratio,
      reached: ratio <= most,
    },
  ]
  return { rows, floors }
}

/** `latest`, alone and while others ask for tags that are not there. */
export async function lookUps(parent: string, address: string, unknown: number): Promise<readonly Row[]> {
  const alone = newSource(address, join(parent, 'alone'))
  const quiet = await timeOf(() => alone.pin('latest', run))
  const attacked = newSource(address, join(parent, 'attacked'))
  const tags = Array.from({ length: unknown }, (_, at) => attacked.pin(`unknown-${at}`, run).catch(() => {}))
  const beside = await timeOf(() => attacked.pin('latest', run))
  await Promise.all(tags)
  await Promise.all([alone.close(), attacked.close()])
  const left = await readdir(parent)
  await Promise.all(
    left
      .filter((name) => /^(alone|attacked)$/.test(name))
      .map((name) => rm(join(parent, name), { recursive: true })),
  )
  return [
    { '': 'latest is looked up', ms: quiet },
    { '': `latest is looked up beside ${unknown} unknown tags`, ms: beside },
  ]
}

function newSource(address: string, cacheDir: string) {
  const tips = new Map<string, object>()
  return createGitSource(address, {
    cacheDir,
    pinTtl: 600,
    tips: { get: async (id) => tips.get(id), put: async ([id], value) => void tips.set(id, value) },
  })
}
