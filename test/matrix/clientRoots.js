import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { runSilently } from '../../setup/command.js'
import { withFreshLists } from '../../setup/debianPackages.js'
import { isRoot, plainEnv } from '../../setup/machine.js'
import { clientRoot } from './folders.js'

const env = { ...plainEnv, DEBIAN_FRONTEND: 'noninteractive' }

/**
 * A folder with a small Debian and its clients. Delete it to get newer ones.
 * @param {import('./suites.js').Suite} suite
 * @returns {import('../../setup/ready.js').Need | undefined}
 */
export function debianWithClients({ name, title, packages }) {
  const folder = clientRoot(name)
  const stamp = join(folder, 'etc', 'nixery-clients')
  const wanted = packages.join(' ')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined
  return {
    parts: [{ name: `${title} in a folder`, why: `its ${packages.join(', ')}` }],
    obstacles: isRoot ? [] : [`${title} in a folder: only root can make one.`],
    step: `debootstrap ${name}`,
    get: () =>
      withFreshLists(async () => {
        rmSync(folder, { recursive: true, force: true })
        const partial = `${folder}.partial`
        rmSync(partial, { recursive: true, force: true })
        await make(name, packages, partial)
        writeFileSync(join(partial, 'etc', 'nixery-clients'), wanted)
        renameSync(partial, folder)
      }),
  }
}

/** @param {string} suite @param {readonly string[]} packages @param {string} folder */
async function make(suite, packages, folder) {
  mkdirSync(folder, { recursive: true })
  await runSilently('debootstrap', ['--variant=minbase', suite, folder, debianArchive()], env)
  // With the machine's own way to the archive.
  for (const file of ['resolv.conf', 'hosts']) copyFileSync(`/etc/${file}`, join(folder, 'etc', file))
  const settings = execFileSync('apt-config', ['dump'], { encoding: 'utf8' }).split('\n')
  const network = settings.filter((line) => /^Acquire::(Check-|https?::)/.test(line))
  writeFileSync(join(folder, 'etc/apt/apt.conf.d/99machine'), network.map((line) => `${line}\n`).join(''))
  // Nothing of it may start by itself.
  const policy = join(folder, 'usr/sbin/policy-rc.d')
  writeFileSync(policy, '#!/bin/sh\nexit 101\n')
  chmodSync(policy, 0o755)
  const inside = (/** @type {string[]} */ ...command) => runSilently('chroot', [folder, ...command], env)
  await inside('apt-get', 'update', '--quiet')
  await inside('apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', ...packages)
  await inside('apt-get', 'clean')
}

/** Where apt gets Debian itself from. */
function debianArchive() {
  const targets = ['indextargets', '--format', '$(REPO_URI)']
  const filter = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian']
  const [archive] = execFileSync('apt-get', [...targets, ...filter], { encoding: 'utf8' }).split('\n')
  if (!archive) throw new Error("apt has no lists of Debian's own archive")
  return archive
}
