/** What Debian calls the systems that the set can be made for. */
export const architectures: Readonly<Record<string, string>> = {
  'x86_64-linux': 'amd64',
  'aarch64-linux': 'arm64',
}

/** Debian's name of a system. @throws Error when the set cannot be made for it. */
export function architectureOf(system: string): string {
  const architecture = architectures[system]
  if (!architecture) throw new Error(`the system must be one of ${Object.keys(architectures).join(', ')}: ${system}`)
  return architecture
}
