import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { root } from './machine.js'
import { nixEnvironment } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'
import { makeReadyToTest } from './testMachine.js'

if (await makeReadyToTest()) {
  const env = nixEnvironment()
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'test', 'conformance', 'run.ts')], env)
} else {
  process.exitCode = 1
}
