import { createHash } from 'node:crypto'
import type { ClosureNode } from '../../src/layers/plan.ts'
import type { StorePath } from '../../src/store/storePath.ts'

/** A package set as far as layers are concerned. */
export interface PackageGraph {
  /** For the report: where it is from. */
  readonly origin: string
  /** In any order; each reference is a node. */
  readonly nodes: readonly ClosureNode[]
  /** What every image has, and what most have. */
  readonly base: readonly StorePath[]
  readonly shell: readonly StorePath[]
  /** What images are made for. */
  readonly programs: readonly StorePath[]
}

/** Nix' alphabet. */
const letters = '0123456789abcdfghijklmnpqrsvwxyz'
const hashLength = 32

/**
 * A store path for something that has none. A dash before a digit in a name becomes a point, as names that
 * differ there alone are different packages (`libc6-2`), not versions of one.
 */
export function pathFor(name: string, version: string): StorePath {
  const legal = `${name.replace(/-(?=v?\d)/g, '.')}-${version}`.replace(/[^A-Za-z0-9+\-._?=]/g, '+')
  return `/nix/store/${hashFor(`${name} ${version}`)}-${legal}` as StorePath // made of Nix' alphabet just now
}

/** The path of the same package after it was built anew. */
export function rebuilt(path: StorePath): StorePath {
  const name = path.slice('/nix/store/'.length + hashLength)
  return `/nix/store/${hashFor(`${path} again`)}${name}` as StorePath // made of Nix' alphabet just now
}

function hashFor(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, hashLength)
  return Array.from(bytes, (byte) => letters[byte & 31]).join('')
}
