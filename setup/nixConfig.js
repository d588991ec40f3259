import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { isInstalled, isRoot } from './machine.js'

/**
 * Nix' settings for our processes alone (`NIX_CONFIG`). The machine's own files stay as they are, and what
 * the user has put into the variable wins.
 * @param {{ demo: boolean }} use the demo set's builders use the machine's programs, which a sandbox would
 *   hide. No binary cache has its packages, so none is asked
 */
export function nixConfig({ demo }) {
  const lines = []
  if (isRoot && !hasGroup('nixbld')) lines.push('build-users-group =')
  if (demo) lines.push('sandbox = false', 'substitute = false')
  const own = process.env['NIX_CONFIG']
  if (own !== undefined) lines.push(own)
  return lines.length > 0 ? { NIX_CONFIG: lines.join('\n') } : {}
}

/**
 * A store that this user may build in: his own, or by way of the daemon.
 * @returns {import('./ready.js').Need | undefined}
 */
export function nixStore() {
  const usable =
    isRoot || !isInstalled('nix-store') || existsSync('/nix/var/nix/daemon-socket/socket') || ownsStore()
  if (usable) return undefined
  return {
    parts: [{ name: 'a Nix store', why: 'one that this user may build in' }],
    obstacles: [
      "Nix' store belongs to root, and no Nix daemon runs here. Run this as root, or start nix-daemon.",
    ],
    step: 'Nix store',
    get: () => Promise.reject(new Error('it cannot be got')),
  }
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
