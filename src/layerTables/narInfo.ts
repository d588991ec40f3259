import { InvalidData } from '../errors.ts'
import type { ClosureNode } from '../layers/plan.ts'
import { isStorePath } from '../store/storePath.ts'

/**
 * Reads path, own size and references out of a narinfo (`StorePath`, `NarSize`, `References`; see Nix'
 * manual, "Binary cache"). The reference to itself is left out.
 * @throws InvalidData that names `origin`
 */
export function parseNarInfo(text: string, origin: string): ClosureNode {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': ')
    // A narinfo without references ends the line with the colon, or with a space behind it.
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2).trim())
  }
  const path = fields.get('StorePath') ?? ''
  const size = fields.get('NarSize') ?? ''
  if (!isStorePath(path) || !/^\d{1,15}$/.test(size)) {
    throw new InvalidData(`${origin} is no narinfo of a path in /nix/store`)
  }
  const references = (fields.get('References') ?? '')
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => `/nix/store/${name}`)
  const wrong = references.find((reference) => !isStorePath(reference))
  if (wrong !== undefined) throw new InvalidData(`${origin} refers to ${wrong}, which is no store path`)
  return {
    path,
    size: Number(size),
    references: references.filter(isStorePath).filter((reference) => reference !== path),
  }
}
