import type { Entry } from '../../oci/entry.ts'
import { padding, tarHeader, type TarEntry } from './tarHeader.ts'

/** The tar of entries that the server makes itself, in their order, without the end of the archive. */
export function* serverTar(entries: readonly Entry[]): Generator<Uint8Array> {
  for (const entry of entries) {
    yield tarHeader(headerOf(entry))
    if (entry.kind !== 'file') continue
    yield entry.content
    yield padding(entry.content.length)
  }
}

function headerOf(entry: Entry): TarEntry {
  const path = Buffer.from(entry.path)
  if (entry.kind === 'directory') return { kind: 'directory', path, mode: entry.mode }
  if (entry.kind === 'link') return { kind: 'link', path, target: Buffer.from(entry.target) }
  return { kind: 'file', path, mode: entry.mode, size: entry.content.length }
}
