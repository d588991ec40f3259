import { join } from 'node:path'
import { runSilently } from './command.js'
import { debianPackages, nodeLibraries } from './debianPackages.js'
import { root } from './machine.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

/** @type {readonly (readonly [name: string, script: string, ...args: string[]])[]} */
const checks = [
  ['types', 'node_modules/typescript/bin/tsc', '--project', '.'],
  ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '.'],
  ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  ['imports', 'tools/imports.ts'],
]

/** Runs every check, also after one has failed. @returns {Promise<boolean>} whether all passed */
async function passAll() {
  let passed = true
  for (const [name, script, ...args] of checks) {
    try {
      await runSilently(nodeToUse(), [join(root, script), ...args])
      console.log(`  ✔ ${name}`)
    } catch (error) {
      passed = false
      console.log(`  ✖ ${name}\n\n${String(error instanceof Error ? error.message : error)}\n`)
    }
  }
  return passed
}

const ready = await makeReady('To check', [npmPackages(), debianPackages(nodeLibraries)])
process.exitCode = ready && (await passAll()) ? 0 : 1
