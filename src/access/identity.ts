/** What an issuer says about the holder of a token. Only texts and lists of texts are kept. */
export type Claims = Readonly<Record<string, string | readonly string[]>>

/** A client whose credentials were verified. */
export type Identity =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly name: string }
  | { readonly kind: 'robot'; readonly name: string }
  | { readonly kind: 'oidc'; readonly issuer: string; readonly subject: string; readonly claims: Claims }

export const anonymous: Identity = { kind: 'anonymous' }

/** One text for each identity, for messages and logs: `user:alice`, `robot:ci`, `github:repo:acme/app`. */
export function nameOf(identity: Identity): string {
  switch (identity.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'user':
    case 'robot':
      return `${identity.kind}:${identity.name}`
    case 'oidc':
      return `${identity.issuer}:${identity.subject}`
  }
}
