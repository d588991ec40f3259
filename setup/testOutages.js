import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import {
  clientTools,
  debianPackages,
  demoTools,
  gitTools,
  nixTools,
  nodeLibraries,
} from './debianPackages.js'
import { demoSet } from './demoSet.js'
import { root } from './machine.js'
import { nixConfig, nixStore } from './nixConfig.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'
import { s3Server, storageServer } from './storageServers.js'

const ready = await makeReady('To test outages', [
  npmPackages(),
  debianPackages([...nodeLibraries, ...nixTools, ...gitTools, ...demoTools, ...clientTools]),
  nixStore(),
  demoSet(),
  storageServer(s3Server),
])

if (ready) {
  const env = { ...process.env, ...nixConfig({ demo: true }) }
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'test', 'storage', 'outages.ts')], env)
} else {
  process.exitCode = 1
}
