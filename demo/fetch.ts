/**
 * `node demo/fetch.ts [--set DIR] [--debs DIR] [--system SYSTEM] [--all | ATTRIBUTE…] [--build]`: downloads
 * packages into the Nix store before anybody asks for them; by default those of the small attributes.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { download } from './fetch/download.ts'
import { packagesFor, smallAttributes } from './fetch/selection.ts'
import { addToStore, missingFromStore, storePathsOf } from './fetch/store.ts'
import { debianLists } from './lock/archive.ts'
import { architectureOf, machineSystem } from './lock/debian.ts'
import type { Lock, LockedPackage } from './lock/lock.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', default: join(import.meta.dirname, '../var/demo/set') },
    debs: { type: 'string', default: join(import.meta.dirname, '../var/demo/debs') },
    system: { type: 'string', default: machineSystem },
    all: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
  },
})

const [set, debs] = [resolve(values.set), resolve(values.debs)]
const lockFile = join(set, `lock.${values.system}.json`)
if (!existsSync(lockFile)) throw new Error(`${lockFile} does not exist: run 'node demo/lock.ts' first`)
const lock: Lock = JSON.parse(readFileSync(lockFile, 'utf8'))
const attributes = values.all
  ? Object.keys(lock.attributes)
  : positionals.length > 0
    ? positionals
    : smallAttributes(lock)

const packages = packagesFor(lock, attributes)
const paths = storePathsOf(set, values.system)
const pathOf = ({ sha256 }: LockedPackage) => paths.get(sha256) ?? ''
const missing = missingFromStore(packages.map(pathOf))
const wanted = packages.filter((one) => missing.has(pathOf(one)))
if (wanted.length > 0) {
  download(wanted, debianLists(architectureOf(machineSystem)), debs, (progress) =>
    console.log(`demo: ${progress}`),
  )
  const files = wanted.map(({ file }) => join(debs, file))
  const spoilt = addToStore(files).flatMap((path, at) => (missing.has(path) ? [] : (files[at] ?? [])))
  for (const file of spoilt) rmSync(file)
  if (spoilt.length > 0) throw new Error(`not what the lock says, and removed: ${spoilt.join(', ')}`)
}
console.log(`demo: ${packages.length} packages of ${attributes.length} attributes are in the store`)

if (values.build) {
  const chosen = attributes.flatMap((attribute) => ['-A', attribute])
  const options = [
    '--no-out-link',
    '--option',
    'substitute',
    'false',
    '--max-jobs',
    'auto',
    '--argstr',
    'system',
    values.system,
  ]
  const { status } = spawnSync('nix-build', [set, ...options, ...chosen], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
