import { readPropagated } from '../image/propagated.ts'
import { readTree } from '../image/tree.ts'
import type { Output } from '../store/output.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { PathInfo } from '../store/pathInfo.ts'

export interface OutputsOfImage {
  /** The roots, then what they propagate. */
  readonly shown: readonly Output[]
  /** Other outputs that links of those lead to. */
  readonly behindLinks: readonly Output[]
}

/**
 * All outputs that the root layer of an image is made of. Undefined if one of them is not found.
 * @param find returns undefined if it does not find an output
 */
export async function outputsOfImage(
  roots: readonly StorePath[],
  find: (path: StorePath) => Promise<Output | undefined>,
): Promise<OutputsOfImage | undefined> {
  const shown = await reach(roots, find, ({ propagated }) => propagated)
  const behindLinks = shown && (await reach(shown.flatMap(linkedBy), find, () => []))
  return behindLinks && { shown, behindLinks }
}

/** The given outputs and everything that follows from them, in the order in which they are reached. */
async function reach(
  starts: readonly StorePath[],
  find: (path: StorePath) => Promise<Output | undefined>,
  next: (output: Output) => readonly StorePath[],
): Promise<readonly Output[] | undefined> {
  const found = new Map<StorePath, Output>()
  for (let wanted = [...new Set(starts)]; wanted.length > 0;) {
    const following = new Set<StorePath>()
    for (const output of await Promise.all(wanted.map(find))) {
      if (!output) return undefined
      found.set(output.path, output)
      for (const path of next(output)) following.add(path)
    }
    wanted = [...following].filter((path) => !found.has(path))
  }
  return [...found.values()]
}

/** Outputs that an output's top-level links lead to, such as `bin` of a wrapper. Deeper links stay links. */
function linkedBy({ path, tree, closure }: Output): readonly StorePath[] {
  const needed = new Set<string>(closure.map((info) => info.path))
  const targets = tree.flatMap((node) => {
    const target = typeof node !== 'string' && typeof node[1] === 'string' ? node[1] : ''
    return /^\/nix\/store\/[^/]+/.exec(target)?.[0] ?? []
  })
  return targets.filter(isStorePath).filter((target) => target !== path && needed.has(target))
}

/**
 * Reads an output from the store.
 * @param infos has all paths that the output needs. It may have others.
 * @throws errors of reading, and the signal's reason
 */
export async function readOutput(
  path: StorePath,
  infos: ReadonlyMap<StorePath, PathInfo>,
  signal: AbortSignal,
): Promise<Output> {
  const closure = closureFrom(path, infos)
  const needed = new Set(closure.map((info) => info.path))
  const [tree, words] = await Promise.all([readTree(path, signal), readPropagated(path)])
  const propagated = words.filter(isStorePath).filter((word) => needed.has(word))
  return { path, tree, propagated, closure }
}

function closureFrom(path: StorePath, infos: ReadonlyMap<StorePath, PathInfo>): readonly PathInfo[] {
  const reached = new Set([path])
  // The loop also visits what is added to the set meanwhile.
  for (const one of reached) for (const reference of infos.get(one)?.references ?? []) reached.add(reference)
  return sortedByPath([...reached].flatMap((one) => infos.get(one) ?? []))
}

/** Everything that some outputs need: each path once, sorted. */
export function closureOfAll(outputs: readonly Output[]): readonly PathInfo[] {
  const all = new Map(outputs.flatMap(({ closure }) => closure.map((info) => [info.path, info])))
  return sortedByPath([...all.values()])
}

function sortedByPath(infos: readonly PathInfo[]): readonly PathInfo[] {
  return infos.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
