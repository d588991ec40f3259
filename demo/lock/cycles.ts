/**
 * The strongly connected components of a graph (Tarjan), each sorted; a component comes after those it points
 * to. Equal graphs give equal answers, whatever the order of their nodes.
 */
export function components(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []

  /** Returns the lowest index that the node reaches among the nodes whose component is still open. */
  function visit(node: string): number {
    const known = index.get(node)
    if (known !== undefined) return open.includes(node) ? known : Infinity
    const own = index.size
    index.set(node, own)
    open.push(node)
    const lowest = Math.min(own, ...(graph.get(node) ?? []).toSorted().map(visit))
    if (lowest === own) found.push(open.splice(open.indexOf(node)).toSorted())
    return lowest
  }

  for (const node of [...graph.keys()].toSorted()) visit(node)
  return found
}
