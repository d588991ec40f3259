import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { run, type Outcome } from '../../support/clients.ts'
import type { Machine } from '../machine.ts'

const indexSchema = z.object({ manifests: z.tuple([z.object({ digest: z.string() })]) })
const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
})
const configSchema = z.object({ config: z.object({ Env: z.array(z.string()) }) })

/**
 * Runs a command in a chroot made of the only image of an OCI layout in the machine's folder (image-spec,
 * image-layout.md).
 */
export async function runLayout(
  machine: Machine,
  layout: string,
  command: readonly string[],
): Promise<Outcome> {
  const folder = join(machine.folder, layout)
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  const [{ digest }] = indexSchema.parse(read(join(folder, 'index.json'))).manifests
  const { config, layers } = manifestSchema.parse(read(blob(digest)))
  const root = `${folder}-root`
  if (!existsSync(root)) {
    mkdirSync(root)
    for (const layer of layers) {
      const unpacked = await run('tar', ['--extract', '--file', blob(layer.digest), '--directory', root])
      if (unpacked.code !== 0) return unpacked
    }
    for (const folder of ['shared', 'dev']) mkdirSync(join(root, folder), { recursive: true })
  }
  const variables = configSchema.parse(read(blob(config.digest))).config.Env
  const inside = `/matrix/${layout}-root`
  // In namespaces of its own, so that the mounts end with the command.
  return machine.run('unshare', [
    '--mount',
    'sh',
    '-c',
    'mount --bind /matrix/shared "$0/shared" && mount --bind /dev "$0/dev" && exec "$@"',
    inside,
    'env',
    '-i',
    ...variables,
    '/usr/sbin/chroot',
    inside,
    ...command,
  ])
}
