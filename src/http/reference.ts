import { isDigest, type Digest } from '../oci/digest.ts'
import { RequestError } from './errors.ts'

type Reference =
  { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'digest'; readonly digest: Digest }

/** The grammar of tags (OCI distribution-spec, "Pulling manifests"). */
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** Parses what follows `manifests/` in a path. @throws RequestError */
export function parseReference(text: string): Reference {
  if (text.includes(':')) return { kind: 'digest', digest: parseDigest(text) }
  if (tagPattern.test(text)) return { kind: 'tag', tag: text }
  throw new RequestError({
    status: 400,
    code: 'TAG_INVALID',
    message: `${JSON.stringify(text.slice(0, 140))} is not a tag: 1 to 128 letters, digits, '_', '.' and '-', and neither '.' nor '-' first`,
  })
}

/** @throws RequestError */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  const shown = JSON.stringify(text.slice(0, 140))
  const message = /^sha(384|512):/.test(text)
    ? `${shown}: this registry knows only sha256 digests`
    : `${shown} is not a digest: 'sha256:' and 64 digits of lower-case hex`
  throw new RequestError({ status: 400, code: 'DIGEST_INVALID', message })
}
