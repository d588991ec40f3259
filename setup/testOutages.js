import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { root } from './machine.js'
import { nixEnvironment } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'
import { makeReady } from './ready.js'
import { s3Server, storageServer } from './storageServers.js'
import { makeReadyToTest } from './testMachine.js'

if ((await makeReadyToTest()) && (await makeReady('To test outages', [storageServer(s3Server)]))) {
  const env = nixEnvironment()
  process.exitCode = await runToTheEnd(nodeToUse(), [join(root, 'test', 'storage', 'outages.ts')], env)
} else {
  process.exitCode = 1
}
