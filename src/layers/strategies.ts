import { dominators } from './dominators.ts'
import type { LayerStrategy } from './plan.ts'

/** Every way to group a closure into layers, by the name it has in the configuration and in cache keys. */
export const strategies = { dominators } satisfies Readonly<Record<string, LayerStrategy>>

export type StrategyName = keyof typeof strategies
