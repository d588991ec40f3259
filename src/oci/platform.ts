/** The platforms that images are made for, in the words of the OCI (`GOARCH`). */
export const architectures = ['amd64', 'arm64'] as const
export type Architecture = (typeof architectures)[number]

export interface Platform {
  readonly os: 'linux'
  readonly architecture: Architecture
}

const byNodeArch: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' }

/** The architecture of this machine, or its closest relative if Nixpkgs does not have it. */
export function ownArchitecture(nodeArch: string = process.arch): Architecture {
  return byNodeArch[nodeArch] ?? 'amd64'
}
