import {
  clientTools,
  debianPackages,
  demoTools,
  gitTools,
  nixTools,
  nodeLibraries,
} from './debianPackages.js'
import { demoSet } from './demoSet.js'
import { nixStore } from './nixConfig.js'
import { npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

/**
 * Gets what tests need and this machine lacks.
 * @returns {Promise<boolean>} whether all is there now
 */
export function makeReadyToTest() {
  return makeReady('To test', [
    npmPackages(),
    debianPackages([...nodeLibraries, ...nixTools, ...gitTools, ...demoTools, ...clientTools]),
    nixStore(),
    demoSet(),
  ])
}
