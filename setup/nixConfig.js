import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { pathWithNewerNix } from '../bin/newerNix.js'
import { isRoot } from './machine.js'

/**
 * The environment of tests, and of what makes the demo set: with the newer Nix where it was unpacked, and
 * with settings of Nix for our processes alone. Builders use the machine's programs, which a sandbox would
 * hide, and no binary cache is asked. The server computes its own settings (`src/nix/builderSettings.ts`).
 * @param {NodeJS.ProcessEnv} [env] its own NIX_CONFIG wins
 * @returns {NodeJS.ProcessEnv}
 */
export function nixEnvironment(env = process.env) {
  const lines = ['sandbox = false', 'substitute = false']
  if (isRoot && !hasGroup('nixbld')) lines.push('build-users-group =')
  const own = env['NIX_CONFIG']
  if (own !== undefined) lines.push(own)
  return { ...env, PATH: pathWithNewerNix(env['PATH']), NIX_CONFIG: lines.join('\n') }
}

/**
 * A store that this user may build in: his own, or by way of the daemon.
 * @returns {import('./ready.js').Need | undefined}
 */
export function nixStore() {
  if (isRoot || existsSync(daemonSocket()) || ownsStore()) return undefined
  const owner = existsSync('/nix/store') ? 'The Nix store belongs to root' : 'Only root can make a Nix store'
  return {
    parts: [{ name: 'a Nix store', why: 'one that this user may build in' }],
    obstacles: [`${owner}, and no Nix daemon runs here. Run this as root, or start nix-daemon.`],
    step: 'Nix store',
    get: () => Promise.reject(new Error('it cannot be got')),
  }
}

/** Where the daemon listens; the variable is Nix' own. */
function daemonSocket() {
  return process.env['NIX_DAEMON_SOCKET_PATH'] || '/nix/var/nix/daemon-socket/socket'
}

function ownsStore() {
  try {
    accessSync('/nix/store', constants.W_OK)
    accessSync('/nix/var/nix/db', constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** @param {string} name */
function hasGroup(name) {
  return existsSync('/etc/group') && readFileSync('/etc/group', 'utf8').includes(`\n${name}:`)
}
