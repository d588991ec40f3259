import { join } from 'node:path'
import { runToTheEnd } from '../../bin/newerNode.js'
import { debianPackages, demoTools, gitTools, nodeLibraries } from '../../setup/debianPackages.js'
import { demoSet } from '../../setup/demoSet.js'
import { root } from '../../setup/machine.js'
import { nixFor } from '../../setup/newerNix.js'
import { nixEnvironment, nixStore } from '../../setup/nixConfig.js'
import { nodeToUse, npmPackages } from '../../setup/npmPackages.js'
import { makeReady } from '../../setup/ready.js'
import { debianWithClients } from './clientRoots.js'
import { suites } from './suites.js'

const debootstrap = { file: 'debootstrap', package: 'debootstrap', why: 'installs a Debian into a folder' }

// The newest Debian has all clients.
const ready = await makeReady('To log in with clients', [
  npmPackages(),
  debianPackages([...nodeLibraries, ...nixFor({ demo: true }).tools, ...gitTools, ...demoTools, debootstrap]),
  nixStore(),
  demoSet(),
  ...suites.slice(-1).map(debianWithClients),
])

if (ready) {
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'test/matrix/logins.ts')], nixEnvironment())
} else {
  process.exitCode = 1
}
