import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { runWithoutLeftovers } from './leftovers.js'
import { root } from './machine.js'
import { nixEnvironment } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'
import { makeReadyToTest } from './testMachine.js'

if (await makeReadyToTest()) {
  const env = nixEnvironment()
  const script = join(root, 'test', 'package', 'run.ts')
  process.exitCode = await runWithoutLeftovers(env, (own) => runToTheEnd(nodeToUse(), [script], own))
} else {
  process.exitCode = 1
}
