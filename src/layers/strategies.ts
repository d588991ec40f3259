import { dominators } from './dominators.ts'
import { forest } from './forest.ts'
import type { LayerStrategy } from './plan.ts'
import { single } from './single.ts'
import { size } from './size.ts'

/** Every way to group a closure into layers, by the name it has in the configuration and in cache keys. */
export const strategies = { forest, size, dominators, single } satisfies Readonly<
  Record<string, LayerStrategy>
>

export type StrategyName = keyof typeof strategies

export function isStrategyName(name: string): name is StrategyName {
  return Object.hasOwn(strategies, name)
}
