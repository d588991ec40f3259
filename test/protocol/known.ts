import { createHash } from 'node:crypto'
import { z } from 'zod'
import { startServer, type TestServer } from '../support/server.ts'
import { ask } from '../support/wire.ts'

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })
const manifestSchema = z.object({ mediaType: z.string(), config: descriptor, layers: z.array(descriptor) })

export interface KnownContent {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly bytes: Buffer
}

/** A server that has built one image, and what that image is made of. */
export interface Known extends TestServer {
  /** Such as `/v2/hello`. */
  readonly repository: string
  readonly manifest: KnownContent
  readonly config: KnownContent
  /** One of its layers. */
  readonly layer: KnownContent
}

/** Layers of fewer bytes leave no room for ranges. */
const smallestLayer = 2048

/** @param by the name to pull it by: one that has a single manifest. Variables as in README. */
export async function startKnown(
  variables: Readonly<Record<string, string>> = {},
  { by } = { by: 'hello' },
): Promise<Known> {
  const server = await startServer(variables)
  try {
    return { ...server, ...(await pull(server.address, `/v2/${by}`)) }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function pull(address: string, repository: string): Promise<Omit<Known, keyof TestServer>> {
  const { body } = await ask(address, { path: `${repository}/manifests/latest` })
  const { mediaType, config, layers } = manifestSchema.parse(JSON.parse(body.toString()))
  const [layer] = layers.filter(({ size }) => size >= smallestLayer).toSorted((a, b) => a.size - b.size)
  if (!layer) throw new Error('no layer is large enough')
  const fetchBlob = async (blob: z.infer<typeof descriptor>) => {
    const { body: bytes } = await ask(address, { path: `${repository}/blobs/${blob.digest}` })
    return { ...blob, bytes }
  }
  return {
    repository,
    manifest: { mediaType, digest: sha256(body), size: body.length, bytes: body },
    config: await fetchBlob(config),
    layer: await fetchBlob(layer),
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A digest that nothing here has. */
export const unknownDigest = sha256('of nothing that is stored')
