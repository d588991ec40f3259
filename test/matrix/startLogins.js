import { demoSet } from '../../setup/demoSet.js'
import { debianWithClients } from './clientRoots.js'
import { runWhenReady } from './runWhenReady.js'
import { suites } from './suites.js'

// The newest Debian has all clients.
await runWhenReady(
  'To log in with clients',
  [demoSet(), ...suites.slice(-1).map(debianWithClients)],
  ['logins.ts'],
)
