import { copyFileSync, chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { withFreshLists } from '../../setup/debianPackages.js'
import { plainEnv } from '../../setup/machine.js'
import { qemu } from './folders.js'

/**
 * One program of a big package: it is taken out, nothing is installed, and the kernel is told nothing.
 * @returns {import('../../setup/ready.js').Need | undefined}
 */
export function arm64Emulator() {
  if (process.arch === 'arm64' || existsSync(qemu)) return undefined
  return {
    parts: [{ name: 'qemu-aarch64-static', why: "runs arm64's programs" }],
    obstacles: [],
    step: 'apt-get download qemu-user-static',
    get: () => withFreshLists(() => Promise.resolve(takeOut())),
  }
}

function takeOut() {
  const folder = mkdtempSync(join(tmpdir(), 'nixery-qemu-'))
  try {
    // Dropping root's rights, as apt would, it could not write into the folder.
    command(folder, 'apt-get', '--quiet', '--option=APT::Sandbox::User=root', 'download', 'qemu-user-static')
    const [deb = ''] = readdirSync(folder)
    command(folder, 'dpkg-deb', '--extract', deb, 'unpacked')
    copyFileSync(join(folder, 'unpacked/usr/bin/qemu-aarch64-static'), `${qemu}.partial`)
    chmodSync(`${qemu}.partial`, 0o755)
    command(folder, 'mv', `${qemu}.partial`, qemu)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} cwd @param {string} program @param {string[]} args */
function command(cwd, program, ...args) {
  const { status, stderr } = spawnSync(program, args, { cwd, env: plainEnv, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}
