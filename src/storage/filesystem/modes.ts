/** Rights of what a storage in a folder creates (chmod(2)). */
export interface Modes {
  readonly folder: number
  readonly file: number
}

/** Only the server's user may read. */
export const privateModes: Modes = { folder: 0o700, file: 0o600 }

/** Files get the rights of their folders, except that nobody may execute them. */
export function modesOf(folder: number): Modes {
  return { folder, file: folder & 0o666 }
}
