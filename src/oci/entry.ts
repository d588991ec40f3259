/**
 * An entry of a layer that the server makes itself (OCI image-spec, layer.md).
 * Paths are relative to `/`, without a leading or closing slash.
 */
export type Entry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
