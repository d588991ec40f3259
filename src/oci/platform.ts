/** The platforms that images are made for, in the words of the OCI (`GOARCH`). */
export const architectures = ['amd64', 'arm64'] as const
export type Architecture = (typeof architectures)[number]

export interface Platform {
  readonly os: 'linux'
  readonly architecture: Architecture
}

const byNodeArch: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' }

/** The platform of the machine that this runs on; its closest relative where Nixpkgs has no such Linux. */
export function ownArchitecture(nodeArch: string = process.arch): Architecture {
  return byNodeArch[nodeArch] ?? 'amd64'
}
