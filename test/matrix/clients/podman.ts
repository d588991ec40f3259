import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientKind } from '../client.ts'
import type { Machine } from '../machine.ts'

/** Storage of the machine's own, and what also works where limits cannot be raised. */
export const places = [
  '--root=/matrix/storage',
  '--runroot=/run/containers/storage',
  '--storage-driver=overlay',
]

const settings = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

/** Settings for podman and buildah, as variables. */
export function containersConf(machine: Machine): readonly string[] {
  writeFileSync(join(machine.folder, 'containers.conf'), settings)
  return ['CONTAINERS_CONF=/matrix/containers.conf']
}

export const podman: ClientKind = {
  name: 'podman',
  package: 'podman',
  start: (machine) => {
    const variables = containersConf(machine)
    const call = (...args: readonly string[]) => machine.run('podman', [...places, ...args], variables)
    const options = ['--rm', '--network=host', '--volume=/matrix/shared:/shared:ro']
    return Promise.resolve({
      pull: (image) => call('pull', '--quiet', '--tls-verify=false', image),
      run: (image, command) => call('run', ...options, image, ...command),
    })
  },
}
