import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientKind } from '../client.ts'

/** Without networks of its own, which would change the machine's firewall. */
const daemon = [
  'dockerd',
  '--data-root=/matrix/docker',
  '--bridge=none',
  '--iptables=false',
  '--ip6tables=false',
]

function dockerd(name: string, ...options: readonly string[]): ClientKind {
  return {
    name,
    package: 'docker.io',
    start: async (machine) => {
      const command = [...daemon, ...options]
      writeFileSync(
        join(machine.folder, 'containerd-store.json'),
        JSON.stringify({ features: { 'containerd-snapshotter': true } }),
      )
      await machine.daemon(command, ['docker', 'version'])
      const volume = '--volume=/matrix/shared:/shared:ro'
      return {
        pull: (image) => machine.run('docker', ['pull', '--quiet', image]),
        run: (image, command) =>
          machine.run('docker', ['run', '--rm', '--network=host', volume, image, ...command]),
      }
    },
  }
}

export const docker = dockerd('docker', '--storage-driver=overlay2')

/** Images in containerd's store, which other programs unpack. */
export const dockerWithContainerd = dockerd(
  'docker, containerd store',
  '--config-file=/matrix/containerd-store.json',
)
