import { createHash } from 'node:crypto'
import type { SourceConfig } from '../sources/createSource.ts'

/**
 * What tells sources of package sets apart, for tables that all revisions of a source share: 16 hex digits.
 * Addresses of repositories may hold passwords, so they are hashed, and without user and password.
 */
export function sourceId(source: SourceConfig): string {
  return createHash('sha256')
    .update(JSON.stringify(placeOf(source)))
    .digest('hex')
    .slice(0, 16)
}

function placeOf(source: SourceConfig): readonly string[] {
  switch (source.kind) {
    case 'channel':
      return ['channel', withoutUser(source.baseUrl)]
    case 'git':
      return ['git', withoutUser(source.repository)]
    case 'path':
      return ['path', source.path]
  }
}

function withoutUser(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1').replace(/(\.git)?\/*$/, '')
}
