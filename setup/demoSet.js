import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from './command.js'
import { hasAptLists, withFreshLists } from './debianPackages.js'
import { isInstalled, isRoot, isWritable, plainEnv, root } from './machine.js'
import { nixEnvironment } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'

const folder = join(root, 'var', 'demo')
const debs = join(folder, 'debs')
const stamp = join(folder, 'stamp')

const ownSystem = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'

/** The set's revision depends on what is locked: the same on every machine of a kind. */
const lockedSystems = ownSystem === 'x86_64-linux' ? [ownSystem, 'aarch64-linux'] : [ownSystem]

/** The folder of the demo package set: what `NIXERY_PKGS_PATH` names. */
export const demoSetPath = join(folder, 'set')

/**
 * The layer table of the demo set, made by hand where all of it was built: a server on a fresh machine has
 * nothing to look at yet.
 */
export const demoLayerTable = join(root, 'demo', 'layerTable.json')

/** Whether the environment names no source of packages. */
export function demoIsWanted() {
  const variables = ['NIXERY_CHANNEL', 'NIXERY_PKGS_REPO', 'NIXERY_PKGS_PATH']
  return variables.every((name) => (process.env[name] ?? '') === '')
}

/**
 * The demo package set, with the Debian packages that its small attributes are made of.
 * @returns {import('./ready.js').Need | undefined}
 */
export function demoSet() {
  const made = sourcesHash()
  if (existsSync(demoSetPath) && existsSync(stamp) && readFileSync(stamp, 'utf8') === made) {
    return undefined
  }
  const obstacles = []
  const instead = 'Or name a source: NIXERY_CHANNEL, NIXERY_PKGS_REPO or NIXERY_PKGS_PATH.'
  if (!isInstalled('apt-get')) {
    obstacles.push(
      `demo package set: it is made of Debian's packages, and there is no apt-get here. ${instead}`,
    )
  } else if (!isRoot && !hasAptLists()) {
    obstacles.push(`demo package set: apt has no lists of packages. As root: apt-get update. ${instead}`)
  }
  if (!isWritable(folder)) obstacles.push(`demo package set: ${folder} is not writable for this user.`)
  return {
    parts: [
      { name: 'demo package set', why: "Debian's programs as Nix packages, while no other source is named" },
    ],
    obstacles,
    step: 'demo package set',
    get: () => withFreshLists(() => make(made)),
  }
}

/** @param {string} made */
async function make(made) {
  const env = nixEnvironment(plainEnv)
  const run = (/** @type {string} */ script, /** @type {readonly string[]} */ args) =>
    runSilently(nodeToUse(), [join('demo', script), '--set', demoSetPath, ...args], env)
  mkdirSync(folder, { recursive: true })
  rmSync(stamp, { force: true })
  await run(
    'lock.ts',
    lockedSystems.flatMap((system) => ['--system', system]),
  )
  await run('fetch.ts', ['--debs', debs, '--system', ownSystem])
  writeFileSync(stamp, made)
}

/** Changes when any file of the set's own sources does. */
function sourcesHash() {
  const sources = join(root, 'demo')
  const hash = createHash('sha256').update(lockedSystems.join())
  for (const name of readdirSync(sources, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(sources, name)
    if (!statSync(path).isFile() || /\.test\.ts$|\.md$/.test(name) || path === demoLayerTable) continue
    hash.update(`${name}\0`).update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}
