import { join } from 'node:path'
import { runToTheEnd } from '../../bin/newerNode.js'
import { debianPackages, nodeLibraries } from '../../setup/debianPackages.js'
import { root } from '../../setup/machine.js'
import { nodeToUse, npmPackages } from '../../setup/npmPackages.js'
import { makeReady } from '../../setup/ready.js'

if (await makeReady('To measure', [npmPackages(), debianPackages(nodeLibraries)])) {
  const args = [join(root, 'bench', 'fleet', 'main.ts'), ...process.argv.slice(2)]
  process.exitCode = await runToTheEnd(nodeToUse(), args)
} else {
  process.exitCode = 1
}
