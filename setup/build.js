import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from './command.js'
import { debianPackages, nodeLibraries } from './debianPackages.js'
import { root } from './machine.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

const source = join(root, 'src')
const built = join(root, 'dist')

/** Compiles `src` into `dist`, and copies what the compiled program reads. */
async function build() {
  rmSync(built, { recursive: true, force: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  await runSilently(nodeToUse(), [compiler, '--project', join(root, 'tsconfig.build.json')])
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.nix')) cpSync(join(source, name), join(built, name))
  }
}

// In a fresh clone the compiler is missing: npm installs nothing before it packs.
if (await makeReady('To build', [npmPackages(), debianPackages(nodeLibraries)])) {
  await build()
} else {
  process.exitCode = 1
}
