import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isNewEnough, nixVersion, oldestNix, unpackedNix, unpackedNixVersion } from '../bin/newerNix.js'
import { hasAptLists, nixTools, withFreshLists } from './debianPackages.js'
import { isInstalled, isRoot, isWritable, plainEnv } from './machine.js'
import { architectures, suite, unpackNix } from './unpackNix.js'

/**
 * What a machine has of Nix.
 * @typedef {object} NixFacts
 * @property {string | undefined} machine version of its own Nix
 * @property {string | undefined} unpacked version of the Nix in `unpackedNix`
 * @property {() => string | undefined} candidate version that its package manager would install
 * @property {boolean} debian whether packages of a newer Debian can be unpacked here
 */

/**
 * - `there`: nothing has to be done
 * - `install`: the machine's package manager has a Nix that will do
 * - `unpack`: packages of a newer Debian are unpacked into a folder
 * - `impossible`: somebody has to install Nix
 * @typedef {'there' | 'install' | 'unpack' | 'impossible'} NixChoice
 */

/**
 * How a machine gets its Nix.
 * @param {{ demo: boolean }} use any Nix serves the demo set
 * @param {NixFacts} facts
 * @returns {NixChoice}
 */
export function chooseNix({ demo }, { machine, unpacked, candidate, debian }) {
  if (isNewEnough(machine) || isNewEnough(unpacked)) return 'there'
  if (demo) return machine === undefined ? 'install' : 'there'
  // Beside an old one, a package may not come first on the PATH, or may replace what others use.
  if (machine === undefined && isNewEnough(candidate())) return 'install'
  return debian ? 'unpack' : 'impossible'
}

/**
 * The Nix that a source needs: as packages of the machine's own, or as a folder of ours.
 * @param {{ demo: boolean }} use
 * @returns {{ tools: readonly import('./debianPackages.js').Tool[], need: import('./ready.js').Need |
 * undefined }}
 */
export function nixFor(use) {
  const machine = nixVersion(plainEnv.PATH)
  const facts = { machine, unpacked: unpackedNixVersion(), candidate, debian: isDebian() }
  const choice = chooseNix(use, facts)
  if (choice === 'there') return { tools: [], need: undefined }
  if (choice === 'install') return { tools: nixTools, need: undefined }
  return { tools: [], need: newerNix(machine, choice === 'unpack') }
}

/** @param {string | undefined} machine @param {boolean} possible @returns {import('./ready.js').Need} */
function newerNix(machine, possible) {
  const name = `Nix ${oldestNix} or newer`
  const own = machine === undefined ? 'this machine has none' : `this machine has ${machine}`
  const obstacles = []
  if (!possible) {
    obstacles.push(
      `${name}: ${own}, and the set-up can get one on Debian alone (amd64, arm64). Install it, so that nix-instantiate is on the PATH.`,
    )
  } else if (!isRoot && !hasAptLists()) {
    obstacles.push(`${name}: apt has no lists of packages. As root: apt-get update.`)
  }
  if (!isWritable(unpackedNix)) obstacles.push(`${name}: ${unpackedNix} is not writable for this user.`)
  return {
    parts: [{ name, why: `${own}; out of Debian's ${suite}, for this project alone` }],
    obstacles,
    step: `Nix out of Debian's ${suite}`,
    get: () => withFreshLists(unpackNix),
  }
}

/** The version of Nix that apt would install. */
function candidate() {
  if (!isInstalled('apt-cache')) return undefined
  const env = { ...plainEnv, LC_ALL: 'C' }
  const { stdout } = spawnSync('apt-cache', ['policy', 'nix-bin'], { encoding: 'utf8', env })
  return /^ {2}Candidate: (?:\d+:)?(\d+\.\d+)/m.exec(stdout)?.[1]
}

function isDebian() {
  const release = '/etc/os-release'
  if (!existsSync(release) || !/^ID="?debian"?$/m.test(readFileSync(release, 'utf8'))) return false
  return architectures[process.arch] !== undefined && isInstalled('apt-get') && isInstalled('dpkg-deb')
}
