/** A header of every answer below `/v2`. Old clients recognise a registry by it. */
export const apiVersion = { 'docker-distribution-api-version': 'registry/2.0' } as const

/**
 * What a path below `/v2/` asks for (OCI distribution-spec, "Endpoints"). Names and references are not
 * checked yet.
 */
export type RegistryPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest' | 'blob' | 'referrers'; readonly name: string; readonly reference: string }
  | { readonly kind: 'upload'; readonly name: string }
  | { readonly kind: 'unknown' }

const nouns = { manifests: 'manifest', blobs: 'blob', referrers: 'referrers' } as const

/**
 * Splits the path of a request from the right, because a name may contain any of the words. The path is still
 * percent-encoded. A query is ignored.
 */
export function parseRegistryPath(url: string): RegistryPath {
  const path = decode(url.split('?', 1)[0] ?? '')
  if (path === undefined || !path.startsWith('/v2')) return { kind: 'unknown' }
  if (path === '/v2' || path === '/v2/') return { kind: 'base' }
  if (!path.startsWith('/v2/')) return { kind: 'unknown' }
  const parts = path.slice('/v2/'.length).split('/')
  if (parts.length === 1 && parts[0] === '_catalog') return { kind: 'catalog' }
  return parseNamed(parts)
}

function parseNamed(parts: readonly string[]): RegistryPath {
  const [noun, last] = parts.slice(-2)
  const name = parts.slice(0, -2).join('/')
  if (last === undefined || noun === undefined) return { kind: 'unknown' }
  if (noun === 'tags' && last === 'list') return { kind: 'tags', name }
  if (noun === 'blobs' && last === 'uploads') return { kind: 'upload', name }
  const uploads = parts.findLastIndex((part, index) => part === 'blobs' && parts[index + 1] === 'uploads')
  if (uploads > 0 && parts.length - uploads === 3)
    return { kind: 'upload', name: parts.slice(0, uploads).join('/') }
  if (!isNoun(noun)) return { kind: 'unknown' }
  return { kind: nouns[noun], name, reference: last }
}

function isNoun(text: string): text is keyof typeof nouns {
  return Object.hasOwn(nouns, text)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
