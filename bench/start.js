import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { debianPackages, demoTools, nodeLibraries } from '../setup/debianPackages.js'
import { demoSet } from '../setup/demoSet.js'
import { nixFor } from '../setup/newerNix.js'
import { nixEnvironment, nixStore } from '../setup/nixConfig.js'
import { nodeToUse, npmPackages } from '../setup/npmPackages.js'
import { makeReady } from '../setup/ready.js'
import { compile } from './compile.js'
import { nginx } from './nginxPackage.js'

const taskset = { file: 'taskset', package: 'util-linux', why: 'keeps the baseline on one core' }

// Standard output is for the figures alone.
console.log = console.error
process.stdout.write = process.stderr.write.bind(process.stderr)

const ready = await makeReady('To measure', [
  npmPackages(),
  debianPackages([...nodeLibraries, ...nixFor({ demo: true }).tools, ...demoTools, taskset]),
  nixStore(),
  demoSet(),
  nginx(),
])

if (ready) {
  const args = [join(await compile(), 'bench', 'run.js'), ...process.argv.slice(2)]
  process.exitCode = await runToTheEnd(nodeToUse(), args, nixEnvironment())
} else {
  process.exitCode = 1
}
