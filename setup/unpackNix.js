import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isNewEnough, oldestNix, unpackedNix, unpackedNixVersion } from '../bin/newerNix.js'
import { runSilently } from './command.js'
import { triple } from './machine.js'
import { output, SuiteApt } from './suiteApt.js'

/**
 * Debian 13, whose Nix is 2.26. A stable suite: its packages change for security alone, and the keyring of
 * Debian 12 has its keys. testing and unstable change every day.
 */
export const suite = 'trixie'

/** Debian's names of the architectures on which it was tried. @type {Readonly<Record<string, string | undefined>>} */
export const architectures = { x64: 'amd64', arm64: 'arm64' }

/** The machine need not have patchelf. bash-static is the shell of builders in the sandbox. */
const wanted = ['nix-bin', 'patchelf', 'bash-static']

/** Libraries that Nix opens while it runs. */
const loadedByName = ['libnss_dns.so.2']

/** Of what the packages depend on, libraries are enough: Nix itself calls no other programs here. */
const isNeeded = (/** @type {string} */ name) =>
  wanted.includes(name) || /^(lib(?!.*perl)|zlib1g$)/.test(name)

/**
 * Makes the folder `unpackedNix` out of packages of a newer Debian: Nix, the libraries it needs, its loader,
 * and the shell that builders have in the sandbox. Nothing is installed, and no rights are needed. It is made
 * beside its place and renamed, so that it is there whole or not at all.
 */
export async function unpackNix() {
  const parent = dirname(unpackedNix)
  mkdirSync(parent, { recursive: true })
  removeAbandoned(parent)
  const work = join(parent, `${basename(unpackedNix)}~${process.pid}`)
  try {
    const made = join(work, 'made')
    const debs = await fetchPackages(work)
    assemble(join(work, 'files'), made)
    writeFileSync(join(made, 'packages'), debs.map((name) => `${name}\n`).join(''))
    // Another set-up may have been faster.
    if (isNewEnough(unpackedNixVersion())) return
    rmSync(unpackedNix, { recursive: true, force: true })
    renameSync(made, unpackedNix)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Removes what set-ups left that were killed. @param {string} parent */
function removeAbandoned(parent) {
  for (const name of readdirSync(parent)) {
    const [, pid] = /~(\d+)$/.exec(name) ?? []
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(parent, name), { recursive: true, force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

/**
 * Downloads the packages and unpacks them into `files`. @param {string} work @returns names of the packages'
 * files
 */
async function fetchPackages(work) {
  const debs = join(work, 'debs')
  mkdirSync(debs, { recursive: true })
  const apt = new SuiteApt(join(work, 'apt'), suite, architectures[process.arch] ?? process.arch)
  const packages = await apt.update(wanted)
  await apt.download(packages.filter(isNeeded), debs)
  const names = readdirSync(debs)
  for (const name of names) {
    await runSilently('dpkg-deb', ['--extract', join(debs, name), join(work, 'files')])
  }
  return names
}

/**
 * @param {string} files
 * @param {string} made
 * @throws Error if what was made is no Nix that is new enough
 */
function assemble(files, made) {
  const [programs, libraries] = [join(files, 'usr', 'bin'), join(files, 'usr', 'lib', triple)]
  const loader = readdirSync(libraries).find((name) => /^ld-linux-.*\.so\.\d+$/.test(name))
  if (loader === undefined) throw new Error(`the packages of ${suite} have no loader in ${libraries}`)
  for (const name of ['bin', 'lib', 'libexec']) mkdirSync(join(made, name), { recursive: true })
  for (const name of readdirSync(programs).filter((one) => one.startsWith('nix'))) {
    cpSync(join(programs, name), join(made, 'bin', name), { verbatimSymlinks: true })
  }
  copyFileSync(join(programs, 'bash-static'), join(made, 'libexec', 'bash-static'))

  const patchelf = (/** @type {readonly string[]} */ ...args) =>
    output(join(libraries, loader), ['--library-path', libraries, join(programs, 'patchelf'), ...args])
  const nix = join(made, 'bin', 'nix')
  /** @type {Set<string>} */
  const copied = new Set()
  const copy = (/** @type {string} */ name) => {
    if (name === '' || copied.has(name)) return
    copied.add(name)
    const place = join(made, 'lib', name)
    copyFileSync(join(libraries, name), place)
    for (const other of needsOf(place)) copy(other)
  }
  const needsOf = (/** @type {string} */ file) => patchelf('--print-needed', file).split('\n')
  for (const name of [loader, ...loadedByName, ...needsOf(nix)]) copy(name)
  // An RPATH, other than a RUNPATH, also counts for what the libraries need themselves.
  patchelf('--force-rpath', '--set-rpath', '$ORIGIN/../lib', nix)
  patchelf('--set-interpreter', join(unpackedNix, 'lib', loader), nix)

  makeReadable(made)
  const told = output(join(made, 'lib', loader), [join(made, 'bin', 'nix-instantiate'), '--version'])
  const version = told.trim().split(' ').at(-1)
  if (!isNewEnough(version)) throw new Error(`${suite} has Nix ${version}, older than ${oldestNix}`)
}

/** For evaluators that run as another user, whatever the umask is. @param {string} made */
function makeReadable(made) {
  chmodSync(made, 0o755)
  for (const folder of readdirSync(made).map((name) => join(made, name))) {
    chmodSync(folder, 0o755)
    for (const name of readdirSync(folder)) {
      if (!lstatSync(join(folder, name)).isSymbolicLink()) chmodSync(join(folder, name), 0o755)
    }
  }
}
