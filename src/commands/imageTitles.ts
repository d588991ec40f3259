import { z } from 'zod'
import type { Digest } from '../oci/digest.ts'
import { digestSchema, parseJson } from '../oci/parse.ts'
import type { BlobStore } from '../storage/interfaces.ts'
import { readWhole } from '../storage/readWhole.ts'
import type { StoredImage } from '../gc/policy.ts'

const manifestSchema = z.object({ config: z.object({ digest: digestSchema }) })
const configSchema = z.object({
  architecture: z.string(),
  config: z.object({ Labels: z.record(z.string(), z.string()) }),
})

/** What images call themselves, by digest; those that do not say are not in it. @throws StorageFailed */
export async function titlesOf(
  blobs: BlobStore,
  images: readonly StoredImage[],
): Promise<ReadonlyMap<string, string>> {
  const titles = new Map<string, string>()
  for (const { digest } of images) {
    const manifest = manifestSchema.safeParse(await readJson(blobs, digest)).data
    const config = manifest && configSchema.safeParse(await readJson(blobs, manifest.config.digest)).data
    const title = config?.config.Labels['org.opencontainers.image.title']
    if (title !== undefined) titles.set(digest, `${title} (${config?.architecture})`)
  }
  return titles
}

async function readJson(blobs: BlobStore, digest: Digest): Promise<unknown> {
  const bytes = await readWhole(blobs, digest)
  return bytes && parseJson(bytes)
}
