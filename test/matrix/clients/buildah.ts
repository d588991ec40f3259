import type { ClientKind } from '../client.ts'
import { containersConf, places } from './podman.ts'

export const buildah: ClientKind = {
  name: 'buildah',
  package: 'buildah',
  start: (machine) => {
    const variables = containersConf(machine)
    const call = (...args: readonly string[]) => machine.run('buildah', [...places, ...args], variables)
    return Promise.resolve({
      pull: (image) => call('pull', '--quiet', '--tls-verify=false', image),
      run: async (image, command) => {
        const from = await call('from', '--pull=false', image)
        if (from.code !== 0) return from
        const options = ['--network=host', '--volume=/matrix/shared:/shared:ro']
        return call('run', ...options, from.stdout.trim(), '--', ...command)
      },
    })
  },
}
