import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })
const manifestSchema = z.union([
  z.object({ config: descriptor, layers: z.array(descriptor) }),
  z.object({ manifests: z.array(descriptor).min(1) }),
])

/** What clients of different ages ask for. */
const accepted = [
  'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  '*/*',
]

function anyClient(): string {
  return accepted[Math.floor(Math.random() * accepted.length)] ?? '*/*'
}

/**
 * Pulls an image as a client does that takes its time: its manifest, from one server, then every blob of it,
 * from any.
 * @param pause milliseconds between requests at most
 * @param accept media types of the manifest; those of some client when it is not given
 * @returns the manifest's digest @throws when any answer is not the whole truth
 */
export async function pull(
  addresses: readonly [string, ...string[]],
  name: string,
  pause: number,
  accept: string = anyClient(),
): Promise<string> {
  const any = () => addresses[Math.floor(Math.random() * addresses.length)] ?? addresses[0]
  const manifests = async (reference: string): Promise<Buffer> => {
    const response = await fetch(`${any()}/v2/${name}/manifests/${reference}`, { headers: { accept } })
    const bytes = Buffer.from(await response.arrayBuffer())
    if (!response.ok) throw new Error(`manifest ${name}:${reference}: ${response.status} ${bytes.toString()}`)
    return bytes
  }
  const top = await manifests('latest')
  const parsed = manifestSchema.parse(JSON.parse(top.toString()))
  const image =
    'manifests' in parsed
      ? manifestSchema.parse(JSON.parse((await manifests(parsed.manifests[0]?.digest ?? '')).toString()))
      : parsed
  if (!('layers' in image)) throw new Error('an index within an index')
  for (const { digest, size } of [image.config, ...image.layers]) {
    await sleep(Math.random() * pause)
    const response = await fetch(`${any()}/v2/${name}/blobs/${digest}`)
    const bytes = Buffer.from(await response.arrayBuffer())
    if (!response.ok) throw new Error(`blob ${digest} of ${name}: ${response.status} ${bytes.toString()}`)
    if (bytes.length !== size || digestOf(bytes) !== digest) throw new Error(`${digest} is not what it says`)
  }
  return digestOf(top)
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
