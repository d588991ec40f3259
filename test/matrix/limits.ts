/** A reason that does not reach the users of some clients, whatever the server answers. */
export interface Limit {
  readonly why: string
  /** Of names of clients and of titles of error cases. */
  readonly clients: RegExp
  readonly errors: RegExp
}

export const limits: readonly Limit[] = [
  {
    why:
      'containerd, and docker with images in the store of containerd, ask for a tag with HEAD, whose answer has no body: ' +
      'they show the status alone. Newer ones than these ask again with GET after a 403, and show the reason; a 404 stays ' +
      '"not found".',
    clients: /containerd/,
    errors: /./,
  },
  {
    why: 'oras shows "not found" for any 404.',
    clients: /^oras$/,
    errors: /unknown package/,
  },
  {
    why: 'A 5xx is for who runs the server: docker, podman, buildah and skopeo show the status alone.',
    clients: /^(?:docker|podman|buildah|skopeo)$/,
    errors: /broken storage/,
  },
]

export function reasonIsLost(client: string, error: string): boolean {
  return limits.some(({ clients, errors }) => clients.test(client) && errors.test(error))
}
