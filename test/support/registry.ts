import { z } from 'zod'

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() })
const manifestSchema = z.object({ mediaType: z.string(), config: descriptor, layers: z.array(descriptor) })
const errorSchema = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string(), detail: z.unknown().optional() })),
})

export type Manifest = z.infer<typeof manifestSchema>

/** @throws when the answer is not a manifest */
export async function fetchManifest(
  address: string,
  name: string,
  reference = 'latest',
  accept = '*/*',
): Promise<{ readonly digest: string; readonly manifest: Manifest }> {
  const response = await fetch(`${address}/v2/${name}/manifests/${reference}`, { headers: { accept } })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return {
    digest: response.headers.get('docker-content-digest') ?? '',
    manifest: manifestSchema.parse(JSON.parse(text)),
  }
}

/** Status and first error of an answer. */
export async function fetchError(
  url: string,
  init?: RequestInit,
): Promise<{
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail: unknown
}> {
  const response = await fetch(url, init)
  const [first] = errorSchema.parse(await response.json()).errors
  if (!first) throw new Error('an answer without an error')
  return { status: response.status, code: first.code, message: first.message, detail: first.detail }
}
