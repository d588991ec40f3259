import type { TarEntry } from './tarHeader.ts'

/** A string in a NAR: its length in eight bytes, then itself, filled up to a multiple of eight. */
function text(length: number): number {
  return 8 + Math.ceil(length / 8) * 8
}

function texts(...words: readonly string[]): number {
  return words.reduce((sum, word) => sum + text(word.length), 0)
}

const archive = texts('nix-archive-1')
const regular = texts('(', 'type', 'regular', 'contents', ')')
const executable = texts('executable', '')
const directory = texts('(', 'type', 'directory', ')')
const symlink = texts('(', 'type', 'symlink', 'target', ')')
const member = texts('entry', '(', 'name', 'node', ')')

/**
 * Bytes that an entry takes in the NAR of its store path ("The Purely Functional Software Deployment Model",
 * figure 5.2); those of all entries, the root's first, are the path's NAR size. Wherever something is
 * missing, the sum is another.
 */
export function narSizeOf(entry: TarEntry, isRoot: boolean): number {
  const name = entry.path.length - 1 - entry.path.lastIndexOf('/')
  const around = isRoot ? archive : member + text(name)
  switch (entry.kind) {
    case 'file':
      return around + regular + ((entry.mode & 0o100) === 0 ? 0 : executable) + text(entry.size)
    case 'directory':
      return around + directory
    case 'link':
      return around + symlink + text(entry.target.length)
  }
}
