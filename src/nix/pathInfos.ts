import { NixFailed } from '../errors.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { PathInfo } from '../store/pathInfo.ts'

/**
 * Reads what `nix-store --dump-db` prints, the same since 2007. For each path, a line each: the path, its NAR
 * hash (sha256, hex), its NAR size, its deriver (may be empty), the number of its references, and those.
 * @throws NixFailed
 */
export function parsePathInfos(text: string): readonly PathInfo[] {
  const lines = text.split('\n')
  const infos: PathInfo[] = []
  let at = 0
  const next = () => lines[at++] ?? ''
  while (at < lines.length - 1) {
    const path = storePathOf(next())
    const narHash = hashOf(next())
    const narSize = numberOf(next())
    next()
    const references = Array.from({ length: numberOf(next()) }, () => storePathOf(next()))
    infos.push({ path, narHash, narSize, references: references.filter((one) => one !== path).toSorted() })
  }
  return infos
}

function storePathOf(line: string): StorePath {
  if (!isStorePath(line)) throw senseless('a store path', line)
  return line
}

function hashOf(line: string): string {
  if (!/^[0-9a-f]{64}$/.test(line)) throw senseless('a sha256 hash', line)
  return `sha256:${line}`
}

function numberOf(line: string): number {
  if (!/^\d{1,15}$/.test(line)) throw senseless('a number', line)
  return Number(line)
}

function senseless(wanted: string, line: string): NixFailed {
  return new NixFailed(`the Nix store's registration has '${line.slice(0, 300)}' where ${wanted} belongs`)
}
