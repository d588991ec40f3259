/**
 * `node demo/fetch.ts [--set DIR] [--debs DIR] [--system SYSTEM] [--all | ATTRIBUTE…] [--build]`:
 * downloads packages into the Nix store before anybody asks for them; by default those of the small attributes.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { download } from './fetch/download.ts'
import { packagesFor, smallAttributes } from './fetch/selection.ts'
import { addToStore, missingFromStore, storePathsOf } from './fetch/store.ts'
import { debianLists } from './lock/archive.ts'
import type { Lock } from './lock/lock.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', default: join(import.meta.dirname, '../var/demo/set') },
    debs: { type: 'string', default: join(import.meta.dirname, '../var/demo/debs') },
    system: { type: 'string', default: 'x86_64-linux' },
    all: { type: 'boolean', default: false },
    build: { type: 'boolean', default: false },
  },
})

const lockFile = join(values.set, `lock.${values.system}.json`)
if (!existsSync(lockFile)) throw new Error(`${lockFile} does not exist: run 'node demo/lock.ts' first`)
const lock: Lock = JSON.parse(readFileSync(lockFile, 'utf8'))
const attributes = values.all ? Object.keys(lock.attributes) : positionals.length > 0 ? positionals : smallAttributes(lock)

const packages = packagesFor(lock, attributes)
const paths = storePathsOf(values.set, packages)
const missing = missingFromStore(paths)
const wanted = packages.filter((_, at) => missing.has(paths[at] ?? ''))
if (wanted.length > 0) {
  download(wanted, debianLists('amd64'), values.debs, (progress) => console.log(`demo: ${progress}`))
  const files = wanted.map(({ file }) => join(values.debs, file))
  const spoilt = addToStore(files).flatMap((path, at) => (missing.has(path) ? [] : (files[at] ?? [])))
  for (const file of spoilt) rmSync(file)
  if (spoilt.length > 0) throw new Error(`not what the lock says, and removed: ${spoilt.join(', ')}`)
}
console.log(`demo: ${packages.length} packages of ${attributes.length} attributes are in the store`)

if (values.build) {
  const chosen = attributes.flatMap((attribute) => ['-A', attribute])
  const options = ['--no-out-link', '--max-jobs', 'auto', '--argstr', 'system', values.system]
  const { status } = spawnSync('nix-build', [values.set, ...options, ...chosen], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
