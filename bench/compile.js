import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from '../setup/command.js'
import { root } from '../setup/machine.js'
import { nodeToUse } from '../setup/npmPackages.js'

const compiled = join(root, 'var', 'bench', 'compiled')

/** What the programs find by way of the project's folder. */
const shared = ['demo', 'deploy', 'var']

/**
 * Compiles server and benchmark, since that is how the server is shipped: types that Node strips cost every
 * thread 20 MB.
 * @returns {Promise<string>} the folder in which everything is as in the project's
 */
export async function compile() {
  rmSync(compiled, { recursive: true, force: true })
  mkdirSync(compiled, { recursive: true })
  await runSilently(nodeToUse(), [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'bench')])
  const nix = join('src', 'nix')
  for (const name of readdirSync(join(root, nix)).filter((file) => file.endsWith('.nix'))) {
    cpSync(join(root, nix, name), join(compiled, nix, name))
  }
  for (const name of shared) symlinkSync(join(root, name), join(compiled, name))
  return compiled
}
