/** What Debian calls the systems that the set can be made for. */
const architectures: Readonly<Record<string, string>> = {
  'x86_64-linux': 'amd64',
  'aarch64-linux': 'arm64',
}

/** The system that this machine runs. */
export const machineSystem = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'

/** Debian's name of a system. @throws Error when the set cannot be made for it. */
export function architectureOf(system: string): string {
  const architecture = architectures[system]
  if (!architecture)
    throw new Error(`the system must be one of ${Object.keys(architectures).join(', ')}: ${system}`)
  return architecture
}
