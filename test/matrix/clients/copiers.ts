import type { ClientKind } from '../client.ts'
import type { Machine } from '../machine.ts'
import { runLayout } from './layout.ts'

/** Clients that run nothing: they copy an image into a folder, and what is in it runs in a chroot. */
function copier(
  name: string,
  copy: (image: string, layout: string) => readonly [program: string, ...args: readonly string[]],
): ClientKind {
  return {
    name,
    package: name,
    start: (machine: Machine) =>
      Promise.resolve({
        pull: (image) => {
          const [program, ...args] = copy(image, `/matrix/${layoutOf(image)}`)
          return machine.run(program, args)
        },
        run: (image, command) => runLayout(machine, layoutOf(image), command),
      }),
  }
}

function layoutOf(image: string): string {
  return `layout-${image.replaceAll(/[^a-z0-9]+/g, '-')}`
}

export const skopeo = copier('skopeo', (image, layout) => [
  'skopeo',
  'copy',
  '--quiet',
  '--src-tls-verify=false',
  `docker://${image}`,
  `oci:${layout}:latest`,
])

export const crane = copier('crane', (image, layout) => [
  'crane',
  'pull',
  '--insecure',
  '--format=oci',
  image,
  layout,
])

export const oras = copier('oras', (image, layout) => [
  'oras',
  'copy',
  '--from-plain-http',
  image,
  '--to-oci-layout',
  `${layout}:latest`,
])
