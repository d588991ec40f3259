import { existsSync, readdirSync } from 'node:fs'
import { ownNodeIsNew } from '../bin/newerNode.js'
import { runSilently } from './command.js'
import { isInstalled, isRoot, plainEnv } from './machine.js'

/**
 * @typedef {object} Tool
 * @property {string} file a program's name, a library's name, or a path where it is called or read by that
 * @property {string} package the Debian package that brings it
 * @property {string} why
 */

/** A fresh Debian lacks it, so that the Node of the npm packages would not run. @type {readonly Tool[]} */
export const nodeLibraries = ownNodeIsNew()
  ? []
  : [{ file: 'libatomic.so.1', package: 'libatomic1', why: 'a library of Node 26' }]

/** All works without, and no machine that has the rest is made to install it: then gzip is made in WASM. @type {Tool} */
const deflate = {
  file: 'libdeflate.so.0',
  package: 'libdeflate0',
  why: 'compresses layers faster than WASM does',
}

/** Servers that are reached by HTTPS may also have certificates of the operator's own. @type {Tool} */
export const certificates = {
  file: '/etc/ssl/certs/ca-certificates.crt',
  package: 'ca-certificates',
  why: 'lets git and Nix know the servers that they ask',
}

/** @type {readonly Tool[]} */
export const nixTools = [
  {
    file: 'nix-instantiate',
    package: 'nix-bin',
    why: 'Nix: evaluates and builds what an image is made of',
  },
  { file: 'nix-store', package: 'nix-bin', why: 'Nix: evaluates and builds what an image is made of' },
]

/** @type {readonly Tool[]} */
export const gitTools = [{ file: 'git', package: 'git', why: 'fetches package sets out of git repositories' }]

/** Builders have a PATH of their own. @type {readonly Tool[]} */
export const demoTools = [
  { file: '/usr/bin/python3', package: 'python3', why: "builds the demo set's packages" },
  {
    file: '/usr/bin/patchelf',
    package: 'patchelf',
    why: "makes the demo set's programs find their libraries",
  },
]

/** @type {readonly Tool[]} */
export const clientTools = [
  { file: 'skopeo', package: 'skopeo', why: 'a client, for tests' },
  { file: 'podman', package: 'podman', why: 'a client that runs images, for tests' },
  { file: 'buildah', package: 'buildah', why: 'a client that builds on images, for tests' },
  {
    file: 'runc',
    package: 'runc',
    why: "starts podman's containers, also where limits are not ours to raise",
  },
  { file: 'xz', package: 'xz-utils', why: 'compresses a list of store paths as channels do, for tests' },
]

/**
 * The Debian packages of those tools that are not here, wherever they might come from, and the extras where
 * they can be had too.
 * @param {readonly Tool[]} tools
 * @param {readonly Tool[]} [moreExtras] what is installed if something has to be, and never demanded
 * @returns {import('./ready.js').Need | undefined}
 */
export function debianPackages(tools, moreExtras = []) {
  const missing = tools.filter(({ file }) => !isInstalled(file))
  if (missing.length === 0) return undefined
  const packages = packagesOf(missing)
  const withExtras = [...missing, ...[deflate, ...moreExtras].filter(({ file }) => !isInstalled(file))]
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`
  const obstacles = []
  if (!isInstalled('apt-get')) {
    const files = missing.map(({ file }) => file).join(', ')
    obstacles.push(`${files}: there is no apt-get to install them with. Install them by other means.`)
  } else if (!isRoot) {
    obstacles.push(`${packages.join(', ')}: only root can install them. As root: ${command}`)
  }
  const whys = new Map(withExtras.map((tool) => [tool.package, tool.why]))
  return {
    parts: [...whys].map(([name, why]) => ({ name, why })),
    obstacles,
    step: `apt-get install ${[...whys.keys()].join(' ')}`,
    get: () => withFreshLists(() => install(packagesOf(withExtras)).catch(() => install(packages))),
  }
}

/** @param {readonly Tool[]} tools */
function packagesOf(tools) {
  return [...new Set(tools.map((tool) => tool.package))]
}

/** Whether apt has ever fetched the lists of packages. */
export function hasAptLists() {
  const folder = '/var/lib/apt/lists'
  return existsSync(folder) && readdirSync(folder).some((name) => /_Packages(\.\w+)?$/.test(name))
}

/**
 * Does something that needs apt's lists. They are fetched when there are none, and when it fails: an old list
 * names files that the archive has no more. A source of the machine's that fails, and is not needed, is no
 * fault.
 * @param {() => Promise<void>} action
 */
export async function withFreshLists(action) {
  const canUpdate = isRoot && isInstalled('apt-get')
  if (hasAptLists() || !canUpdate) {
    try {
      return await action()
    } catch (error) {
      if (!canUpdate) throw error
    }
  }
  /** @type {unknown} */
  let updateFault
  await runSilently('apt-get', ['update', '--quiet'], aptEnv).catch((error) => (updateFault = error))
  try {
    await action()
  } catch (error) {
    throw updateFault ?? error
  }
}

/** @param {readonly string[]} packages */
function install(packages) {
  return runSilently('apt-get', ['install', ...installOptions, ...packages], aptEnv)
}

/** No questions; and a machine that is upgrading itself just now is waited for, for some minutes. */
const installOptions = [
  '--yes',
  '--quiet',
  '--no-install-recommends',
  '--option=Dpkg::Options::=--force-confold',
  '--option=DPkg::Lock::Timeout=180',
]

const aptEnv = { ...plainEnv, DEBIAN_FRONTEND: 'noninteractive' }
