import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { certificates, debianPackages, demoTools, gitTools, nodeLibraries } from './debianPackages.js'
import { demoIsWanted, demoLayerTable, demoSet, demoSetPath } from './demoSet.js'
import { root } from './machine.js'
import { nixFor } from './newerNix.js'
import { nixStore } from './nixConfig.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { isFreePort, tellHowToPull } from './pullHint.js'
import { makeReady } from './ready.js'

const demo = demoIsWanted()
const nix = nixFor({ demo })
const tools = [...nodeLibraries, ...nix.tools, ...(demo ? demoTools : gitTools)]

const ready = await makeReady('To start', [
  npmPackages(),
  debianPackages(tools, demo ? [] : [certificates]),
  nix.need,
  nixStore(),
  demo ? demoSet() : undefined,
])

if (ready) {
  const env = {
    // The demo is for the person at this machine.
    NIXERY_HOST: demo ? '127.0.0.1' : '0.0.0.0',
    PORT: '8080',
    NIXERY_STORAGE_BACKEND: 'filesystem',
    STORAGE_PATH: join(root, 'var', 'storage'),
    NIXERY_STATE_DIR: join(root, 'var', 'state'),
    ...(demo && { NIXERY_PKGS_PATH: demoSetPath, NIXERY_LAYER_TABLE: demoLayerTable }),
    ...Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
  }
  if (await isFreePort(env.NIXERY_HOST, env.PORT)) void tellHowToPull(env.NIXERY_HOST, env.PORT)
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'bin', 'nixery.js'), 'serve'], env)
} else {
  process.exitCode = 1
}
