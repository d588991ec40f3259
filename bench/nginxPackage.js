import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from '../setup/command.js'
import { withFreshLists } from '../setup/debianPackages.js'
import { isInstalled, isWritable, root } from '../setup/machine.js'

const folder = join(root, 'var', 'tools', 'nginx')

/**
 * Debian's nginx, to compare with. Unpacked, not installed: an installed one would start, and listen on port
 * 80.
 * @returns {import('../setup/ready.js').Need | undefined}
 */
export function nginx() {
  if (isInstalled('nginx') || existsSync(join(folder, 'usr', 'sbin', 'nginx'))) return undefined
  const canGet = isInstalled('apt-get') && isInstalled('dpkg-deb') && isWritable(folder)
  return {
    parts: [{ name: 'nginx', why: 'to compare with, when blobs are served; unpacked into var/tools' }],
    obstacles: canGet ? [] : ['nginx: there is no apt-get to get it with. Install it by other means.'],
    step: 'apt-get download nginx',
    get: () => withFreshLists(unpack),
  }
}

async function unpack() {
  const unfinished = `${folder}~`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  await runSilently('sh', ['-c', 'cd "$0" && apt-get download --quiet nginx', unfinished])
  const [file] = readdirSync(unfinished)
  if (file === undefined) throw new Error('apt-get downloaded nothing')
  await runSilently('dpkg-deb', ['--extract', join(unfinished, file), unfinished])
  renameSync(unfinished, folder)
}
