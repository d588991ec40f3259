import { gcsServer, s3Server, storageServer } from './storageServers.js'
import { makeReady } from './ready.js'

if (await makeReady('To test storage', [storageServer(s3Server), storageServer(gcsServer)])) {
  process.argv.push('src/storage', 'test/storage')
  await import('./test.js')
} else {
  process.exitCode = 1
}
