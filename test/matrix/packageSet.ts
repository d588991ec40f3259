import { join } from 'node:path'
import { machineSystem } from '../../demo/lock/debian.ts'
import { writeSet } from '../../demo/lock/writeSet.ts'
import { run } from '../support/clients.ts'
import { matrixSet } from './folders.js'

const demo = join(import.meta.dirname, '../../demo')
const debs = join(import.meta.dirname, '../../var/demo/debs')
const arm64 = 'aarch64-linux'

/** Makes the demo set for this machine and for arm64, and gets what the clients' images are made of. */
export async function makePackageSet(): Promise<void> {
  writeSet(matrixSet, [...new Set([machineSystem, arm64])])
  const always = ['cacert', 'iana-etc', 'hello']
  await fetch(machineSystem, [...always, 'bash', 'coreutils', 'moreutils', 'nano', 'git', 'ffmpeg'])
  await fetch(arm64, always)
}

async function fetch(system: string, attributes: readonly string[]): Promise<void> {
  const options = ['--set', matrixSet, '--debs', debs, '--system', system]
  const { code, stderr } = await run(process.execPath, [join(demo, 'fetch.ts'), ...options, ...attributes])
  if (code !== 0) throw new Error(stderr)
}
