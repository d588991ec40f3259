import { z } from 'zod'
import { InvalidData } from '../errors.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { StorePath } from '../store/storePath.ts'
import type { Closure, ClosureNode } from './plan.ts'

/** What the store knows of a path, in the words of layer planning. */
export function nodeOf({ path, narSize, references }: PathInfo): ClosureNode {
  return { path, size: narSize, references }
}

/** What the store knows of a closure, in the words of layer planning. */
export function closureOf(roots: readonly StorePath[], infos: readonly PathInfo[]): Closure {
  return { roots, nodes: infos.map(nodeOf) }
}

// The hash is not checked: a graph may be drawn by hand, and its paths are not looked up in a store.
const storePath = z.custom<StorePath>(
  (value) => typeof value === 'string' && /^\/nix\/store\/[a-z0-9]+-[^/\0]+$/.test(value),
  'not a store path',
)
const bytes = z.int().nonnegative()
const nodeSchema = z
  .object({
    path: storePath,
    narSize: bytes.optional(),
    closureSize: bytes.optional(),
    references: z.array(storePath),
  })
  .refine(
    (node) => node.narSize !== undefined || node.closureSize !== undefined,
    'neither narSize nor closureSize',
  )
const graphSchema = z.object({
  exportReferencesGraph: z
    .object({ graph: z.union([storePath.transform((path) => [path]), z.array(storePath)]) })
    .optional(),
  graph: z.array(nodeSchema),
})

/**
 * Reads what Nix writes for `exportReferencesGraph.graph` with structured attributes: `graph`, a list of
 * `{path, narSize, closureSize, references}`, and `exportReferencesGraph.graph`, the paths that were asked
 * for. If narSize is missing, the size of the closure is used. Self references are removed.
 * @throws InvalidData that says what is wrong and where
 */
export function parseReferenceGraph(text: string): Closure {
  const { graph, exportReferencesGraph } = parse(text)
  const closure: Closure = { roots: exportReferencesGraph?.graph ?? [], nodes: graph.map(toNode) }
  const faults = faultsOf(closure)
  if (faults.length > 0) throw new InvalidData(`reference graph: ${firstOf(faults)}`)
  return closure
}

function parse(text: string): z.infer<typeof graphSchema> {
  try {
    return graphSchema.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof z.ZodError ? firstOf(z.prettifyError(error).split('\n✖ ')) : String(error)
    throw new InvalidData(`reference graph: ${why}`, { cause: error })
  }
}

function toNode(node: z.infer<typeof nodeSchema>): ClosureNode {
  const { path, narSize, closureSize } = node
  const references = [...new Set(node.references)].filter((reference) => reference !== path)
  const size = narSize ?? closureSize ?? 0
  return closureSize === undefined ? { path, size, references } : { path, size, closureSize, references }
}

function faultsOf({ roots, nodes }: Closure): readonly string[] {
  const known = new Set<StorePath>()
  const faults: string[] = []
  for (const { path } of nodes) {
    if (known.has(path)) faults.push(`${path} comes twice`)
    known.add(path)
  }
  for (const { path, references } of nodes) {
    const missing = references.filter((reference) => !known.has(reference))
    faults.push(...missing.map((reference) => `${path} refers to ${reference}, which is not in the graph`))
  }
  const lost = roots.filter((root) => !known.has(root))
  faults.push(...lost.map((root) => `${root} was asked for, but is not in the graph`))
  return faults
}

const shownFaults = 3

function firstOf(faults: readonly string[]): string {
  const more = faults.length > shownFaults ? `; and ${faults.length - shownFaults} more` : ''
  return faults.slice(0, shownFaults).join('; ') + more
}
