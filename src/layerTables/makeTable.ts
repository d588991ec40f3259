import { InvalidData } from '../errors.ts'
import { growForest } from '../layers/growForest.ts'
import { createLayerTable, type LayerTable } from '../layers/layerTable.ts'
import { countReferences } from './countReferences.ts'
import type { Finding } from './search.ts'

/** Makes a layer table out of paths. @throws InvalidData if there are none */
export function makeTable({
  origin,
  revision,
  nodes,
}: Pick<Finding, 'origin' | 'revision' | 'nodes'>): LayerTable {
  if (nodes.length === 0) throw new InvalidData(`${origin}: no paths are known`)
  return createLayerTable({
    made: new Date().toISOString(),
    origin,
    ...(revision === undefined ? {} : { revision }),
    sharing: growForest(nodes),
    popularity: countReferences(nodes),
  })
}
