/** Where programs are looked for, as in PATH. @param env set on top of the server's own environment */
export function searchPath(env: Readonly<Record<string, string | undefined>> = {}): string {
  return env['PATH'] ?? process.env['PATH'] ?? ''
}
