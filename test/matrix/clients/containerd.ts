import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client, ClientKind } from '../client.ts'
import type { Machine } from '../machine.ts'

export const ctr: ClientKind = {
  name: 'containerd (ctr)',
  package: 'containerd',
  start: (machine) =>
    withContainerd(
      machine,
      () => ['--plain-http'],
      (image) => image,
    ),
}

/** The name of the mirrored registry. It is never asked itself: no name has to be looked up. */
const mirrored = 'registry.test'

/**
 * Our server as the mirror of another registry, as Kubernetes' nodes are configured: it gets
 * `?ns=registry.test`.
 */
export const ctrMirror: ClientKind = {
  name: 'containerd (mirror)',
  package: 'containerd',
  start: (machine) => {
    const options = (image: string) => {
      const host = image.slice(0, image.indexOf('/'))
      const hosts = `hosts-${host.replace(':', '-')}`
      const folder = join(machine.folder, hosts, mirrored)
      mkdirSync(folder, { recursive: true })
      const mirror = `server = "http://${host}"\n[host."http://${host}"]\n  capabilities = ["pull", "resolve"]\n`
      writeFileSync(join(folder, 'hosts.toml'), mirror)
      return ['--hosts-dir', `/matrix/${hosts}`]
    }
    return withContainerd(machine, options, (image) => mirrored + image.slice(image.indexOf('/')))
  },
}

async function withContainerd(
  machine: Machine,
  options: (image: string) => readonly string[],
  nameOf: (image: string) => string,
): Promise<Client> {
  await machine.daemon(['containerd', '--root=/matrix/containerd'], ['ctr', 'version'])
  const mount = ['--mount', 'type=bind,src=/matrix/shared,dst=/shared,options=rbind:ro']
  let containers = 0
  return {
    pull: (image) => machine.run('ctr', ['images', 'pull', ...options(image), nameOf(image)]),
    // By way of a file: ctr itself loses what a program says that ends at once.
    run: async (image, command) => {
      containers += 1
      const id = `run-${containers}`
      const log = ['--log-uri', `file:///matrix/${id}.log`]
      const ran = await machine.run('ctr', ['run', '--rm', ...log, ...mount, nameOf(image), id, ...command])
      const said = await machine.run('cat', [`/matrix/${id}.log`])
      return { ...ran, stdout: said.stdout }
    },
  }
}
