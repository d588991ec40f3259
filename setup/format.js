import { join } from 'node:path'
import { runSilently } from './command.js'
import { debianPackages, nodeLibraries } from './debianPackages.js'
import { root } from './machine.js'
import { formatNix, nixFormatter } from './nixFormatter.js'
import { nodeToUse, npmPackages } from './npmPackages.js'
import { makeReady } from './ready.js'

if (await makeReady('To format', [npmPackages(), debianPackages(nodeLibraries), nixFormatter()])) {
  const prettier = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs')
  await runSilently(nodeToUse(), [prettier, '--write', '--log-level=warn', '.'])
  const skipped = await formatNix({ check: false })
  if (skipped !== undefined) console.log(`Nix files were not formatted: ${skipped}`)
} else {
  process.exitCode = 1
}
