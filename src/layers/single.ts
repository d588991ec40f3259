import type { LayerStrategy } from './plan.ts'

/** Everything in one layer: for clients that can handle only few layers, and for comparisons. */
export const single: LayerStrategy = ({ roots, nodes }) => {
  const storePaths = nodes.map(({ path }) => path).toSorted()
  const head = roots[0] ?? storePaths[0]
  if (head === undefined) return []
  const bytes = nodes.reduce((sum, { size }) => sum + size, 0)
  return [{ storePaths, size: bytes, rating: 1, head, reason: 'everything in one layer' }]
}
