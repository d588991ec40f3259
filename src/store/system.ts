import type { Architecture } from '../oci/platform.ts'

/** A platform in Nix' words. */
export type System = 'x86_64-linux' | 'aarch64-linux'

/** What Nix calls the architectures of the OCI. */
export const systems: Readonly<Record<Architecture, System>> = {
  amd64: 'x86_64-linux',
  arm64: 'aarch64-linux',
}
