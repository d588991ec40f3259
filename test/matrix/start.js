import { debianWithClients } from './clientRoots.js'
import { arm64Emulator } from './qemu.js'
import { runWhenReady } from './runWhenReady.js'
import { suites } from './suites.js'

await runWhenReady(
  'To test clients',
  [arm64Emulator(), ...suites.map(debianWithClients)],
  ['run.ts', ...process.argv.slice(2)],
)
