/** A reason that does not reach the users of some clients, whatever the server answers. */
export interface Limit {
  readonly why: string
  /** Of names of clients and of titles of error cases. */
  readonly clients: RegExp
  readonly errors: RegExp
}

export const limits: readonly Limit[] = [
  {
    why: 'containerd, docker with images in the store of containerd, and oras show "not found" for any 404.',
    clients: /containerd|^oras$/,
    errors: /unknown package/,
  },
]

export function reasonIsLost(client: string, error: string): boolean {
  return limits.some(({ clients, errors }) => clients.test(client) && errors.test(error))
}
