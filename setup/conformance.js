import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { root } from './machine.js'
import { nixConfig } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'
import { makeReadyToTest } from './testMachine.js'

if (await makeReadyToTest()) {
  const env = { ...process.env, ...nixConfig({ demo: true }) }
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'test', 'conformance', 'run.ts')], env)
} else {
  process.exitCode = 1
}
