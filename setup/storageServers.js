import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from './command.js'
import { isInstalled, isWritable, plainEnv, root } from './machine.js'

/**
 * A server that storage is tested against: a Go program.
 * @typedef {object} StorageServer
 * @property {string} name
 * @property {string} why
 * @property {string} module what `go install` takes
 * @property {string} version
 */

/** Speaks S3, and checks signatures. @type {StorageServer} */
export const s3Server = {
  name: 'versitygw',
  why: 'an S3 server that checks signatures, for the tests of storage',
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
}

/** Speaks the language of Google Cloud Storage. @type {StorageServer} */
export const gcsServer = {
  name: 'fake-gcs-server',
  why: 'an emulator of Google Cloud Storage, for the tests of storage',
  module: 'github.com/fsouza/fake-gcs-server',
  version: 'v1.56.1',
}

/** @param {StorageServer} server */
function folderOf({ name, version }) {
  return join(root, 'var', 'tools', `${name}@${version}`)
}

/** @param {StorageServer} server @returns {string} its program, whether or not it is there */
export function programOf(server) {
  return join(folderOf(server), server.name)
}

/** @param {StorageServer} server @returns {string | undefined} why it cannot be run here */
export function whyMissing(server) {
  if (existsSync(programOf(server))) return undefined
  return isInstalled('go')
    ? `${server.name} is not built yet: 'npm run test:storage' does that`
    : `${server.name} is not built, and there is no Go to build it with`
}

/**
 * A server, built from its source once. Nothing is lacking where there is no Go: its tests say that they are
 * skipped.
 * @param {StorageServer} server
 * @returns {import('./ready.js').Need | undefined}
 */
export function storageServer(server) {
  if (existsSync(programOf(server)) || !isInstalled('go')) return undefined
  const folder = folderOf(server)
  return {
    parts: [{ name: `${server.name} ${server.version}`, why: server.why }],
    obstacles: isWritable(folder) ? [] : [`${server.name}: ${folder} is not writable for this user.`],
    step: `go install ${server.name}`,
    get: async () => {
      const unfinished = `${folder}~`
      rmSync(unfinished, { recursive: true, force: true })
      mkdirSync(unfinished, { recursive: true })
      const env = { ...plainEnv, GOBIN: unfinished }
      await runSilently('go', ['install', `${server.module}@${server.version}`], env)
      renameSync(unfinished, folder)
    },
  }
}
