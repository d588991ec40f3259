import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedNode, oldestNode, ownNodeIsNew } from '../bin/newerNode.js'
import { runSilently } from './command.js'
import { isInstalled, isWritable, plainEnv, root } from './machine.js'

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 */

/**
 * The packages of `package-lock.json`, among them a newer Node.
 * @returns {import('./ready.js').Need | undefined}
 */
export function npmPackages() {
  if (areInstalled()) return undefined
  const obstacles = []
  const modules = join(root, 'node_modules')
  if (!isInstalled('npm')) obstacles.push('npm packages: npm is not on the PATH. Install npm beside Node.')
  if (!isWritable(root) || !isWritable(modules)) {
    obstacles.push(`npm packages: ${root} is not writable for this user. Run this as its owner.`)
  }
  if (!ownNodeIsNew() && !npmHasNode()) {
    obstacles.push(
      `Node ${oldestNode} or newer: npm has none for ${process.platform}-${process.arch}. Install it.`,
    )
  }
  return {
    parts: [{ name: 'npm packages', why: 'libraries, tools and Node 26, as package-lock.json pins them' }],
    obstacles,
    step: 'npm ci',
    get: () =>
      runSilently('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], plainEnv),
  }
}

/** The Node to run everything with: the pinned one, because compressed bytes depend on its zlib. */
export function nodeToUse() {
  const node = lockedNode() ?? (ownNodeIsNew() ? process.execPath : undefined)
  if (node === undefined) throw new Error('the Node that npm installed does not run: node_modules/.bin/node')
  return node
}

/** npm itself keeps account of what it installed last, so its own installs count as well as ours. */
function areInstalled() {
  const account = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(account)) return false
  const installed = entries(account)
  return Object.entries(entries(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '' || !isForThisMachine(wanted)) return true
    const found = installed[path]
    return found !== undefined && found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function npmHasNode() {
  return `node_modules/node-${process.platform}-${process.arch}` in entries(join(root, 'package-lock.json'))
}

/** @param {Entry} entry */
function isForThisMachine({ optional, os, cpu, libc }) {
  if (optional !== true) return true
  return libc === undefined && allows(os, process.platform) && allows(cpu, process.arch)
}

/** @param {string | string[] | undefined} names @param {string} name */
function allows(names, name) {
  return names === undefined || [names].flat().includes(name)
}

/** @param {string} lockFile @returns {Record<string, Entry>} */
function entries(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}
