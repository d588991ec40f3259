import { join } from 'node:path'
import { runSilently } from './command.js'
import { debianPackages, nodeLibraries } from './debianPackages.js'
import { root } from './machine.js'
import { formatNix, nixFormatter } from './nixFormatter.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

/** Each rejects with what it found, or answers why it was skipped. @type {Readonly<Record<string, () => Promise<string | void>>>} */
const checks = {
  types: () => script('node_modules/typescript/bin/tsc', '--project', '.'),
  lint: () => script('node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings', '.'),
  format: () => script('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  'format of Nix files': () => formatNix({ check: true }),
  imports: () => script('tools/imports.ts'),
  comments: () => script('tools/comments.ts'),
  docs: () => script('tools/architecture.ts'),
}

/** @param {string} path @param {readonly string[]} args */
function script(path, ...args) {
  return runSilently(nodeToUse(), [join(root, path), ...args])
}

/** Runs every check, also after one has failed. @returns {Promise<boolean>} whether all passed */
async function passAll() {
  let passed = true
  for (const [name, check] of Object.entries(checks)) {
    try {
      const skipped = await check()
      console.log(skipped === undefined ? `  ✔ ${name}` : `  ﹣ ${name}: skipped, ${skipped}`)
    } catch (error) {
      passed = false
      console.log(`  ✖ ${name}\n\n${String(error instanceof Error ? error.message : error)}\n`)
    }
  }
  return passed
}

const ready = await makeReady('To check', [npmPackages(), debianPackages(nodeLibraries), nixFormatter()])
process.exitCode = ready && (await passAll()) ? 0 : 1
