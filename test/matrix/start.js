import { join } from 'node:path'
import { runToTheEnd } from '../../bin/newerNode.js'
import { debianPackages, demoTools, gitTools, nodeLibraries } from '../../setup/debianPackages.js'
import { root } from '../../setup/machine.js'
import { nixFor } from '../../setup/newerNix.js'
import { nixEnvironment, nixStore } from '../../setup/nixConfig.js'
import { nodeToUse, npmPackages } from '../../setup/npmPackages.js'
import { makeReady } from '../../setup/ready.js'
import { debianWithClients } from './clientRoots.js'
import { arm64Emulator } from './qemu.js'
import { suites } from './suites.js'

const debootstrap = { file: 'debootstrap', package: 'debootstrap', why: 'installs a Debian into a folder' }

const ready = await makeReady('To test clients', [
  npmPackages(),
  debianPackages([...nodeLibraries, ...nixFor({ demo: true }).tools, ...gitTools, ...demoTools, debootstrap]),
  nixStore(),
  arm64Emulator(),
  ...suites.map(debianWithClients),
])

if (ready) {
  const args = [join(root, 'test', 'matrix', 'run.ts'), ...process.argv.slice(2)]
  process.exitCode = await runToTheEnd(nodeToUse(), args, nixEnvironment())
} else {
  process.exitCode = 1
}
