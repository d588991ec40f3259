/** What an `Authorization` header says. */
type Authorization =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

/**
 * Parses the header (RFC 7617, RFC 6750). Undefined if there is none, or if this registry cannot read it. The
 * client is then told which credentials it needs.
 */
export function parseAuthorization(header: string | undefined): Authorization | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) +([\w.~+/=-]+)$/i.exec(header?.trim() ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value }
  if (scheme === '') return undefined
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon === -1) return undefined
  return { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) }
}
