import { clientTools, debianPackages, demoTools, gitTools, nodeLibraries } from './debianPackages.js'
import { demoSet } from './demoSet.js'
import { nixFor } from './newerNix.js'
import { nixStore } from './nixConfig.js'
import { npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

/**
 * Gets what tests need and this machine lacks.
 * @returns {Promise<boolean>} whether all is there now
 */
export function makeReadyToTest() {
  const nix = nixFor({ demo: true })
  return makeReady('To test', [
    npmPackages(),
    debianPackages([...nodeLibraries, ...nix.tools, ...gitTools, ...demoTools, ...clientTools]),
    ifPossible(nixFor({ demo: false }).need),
    nixStore(),
    demoSet(),
  ])
}

/**
 * Tests that want a newer Nix are skipped without it.
 * @param {import('./ready.js').Need | undefined} need
 */
function ifPossible(need) {
  return need?.obstacles.length === 0 ? need : undefined
}
