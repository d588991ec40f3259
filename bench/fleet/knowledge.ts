import { countReferences } from '../../src/layerTables/countReferences.ts'
import { budgetClasses, growForest } from '../../src/layers/growForest.ts'
import type { ClosureNode, SharedData } from '../../src/layers/plan.ts'

/** What is known of a package set, as the server knows it. */
export function knowledgeOf(nodes: readonly ClosureNode[]): (budget: number) => SharedData {
  const { forests, needed } = growForest(nodes)
  const popularity = countReferences(nodes)
  return (budget) => {
    const budgetClass = budgetClasses.findLastIndex(({ budgetFrom }) => budgetFrom <= budget)
    return { popularity, forest: forests[budgetClass] ?? new Map(), needed }
  }
}
