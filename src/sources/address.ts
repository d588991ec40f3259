/** What proves to a server who asks. Never part of an address that is logged or answered. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** An address without the secrets that stood in it. */
interface SplitAddress {
  readonly address: string
  readonly credentials?: Credentials
}

/**
 * Takes user and password out of an address of the web. Other addresses stay as they are: the user of an ssh
 * address is no secret.
 */
export function splitAddress(text: string): SplitAddress {
  const [, scheme, user, rest] = /^(https?:\/\/)([^/?#]*)@(.*)$/is.exec(text) ?? []
  if (scheme === undefined || user === undefined) return { address: text }
  const colon = user.indexOf(':')
  const [username, password] = colon < 0 ? [user, ''] : [user.slice(0, colon), user.slice(colon + 1)]
  return {
    address: `${scheme}${rest}`,
    credentials: { username: decoded(username), password: decoded(password) },
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
