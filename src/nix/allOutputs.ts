import { z } from 'zod'
import { NixFailed } from '../errors.ts'
import type { AllOutputs } from './nix.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { RunOptions } from '../work/events.ts'
import { evaluateCold, type ColdOptions, type Question } from './coldEvaluation.ts'
import type { ConfinedOutcome } from './confinedNix.ts'
import type { KnownInputs } from './inputStores.ts'
import { setFault } from './evaluationFaults.ts'

/**
 * Attributes that are evaluated by one process: what one of them cannot survive costs the others a second
 * try.
 */
const batch = 400

const names = z.array(z.string())

/** A set, and what `load.nix` is told about it. */
interface SetQuestion extends Omit<Question, 'expression' | 'request'> {
  readonly requestFor: (inputs?: KnownInputs) => object
}

/**
 * Evaluates every attribute of a set, in batches; attributes that end Nix itself are found by halving, and
 * left out.
 * @param onProgress gets the number of attributes that are done, at the beginning and after each batch
 * @throws PackageSetFailed when the set as a whole cannot be evaluated; NixFailed
 */
export async function allOutputs(
  set: SetQuestion,
  options: ColdOptions,
  run: RunOptions,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<AllOutputs> {
  const listed = await ask(set, null, options, run)
  if ('failure' in listed) throw setFault(listed.failure, options.limits, set.trusted)
  const paths = new Set<StorePath>()
  const attributes = listed.answer.length
  let [done, failed] = [0, 0]
  const pending = chunksOf(listed.answer)
  onProgress(done, attributes)
  for (let some = pending.shift(); some !== undefined; some = pending.shift()) {
    const found = await ask(set, some, options, run)
    if ('failure' in found && some.length > 1) {
      const middle = some.length >>> 1
      pending.unshift(some.slice(0, middle), some.slice(middle))
      continue
    }
    if ('failure' in found) failed += 1
    else for (const path of found.answer) if (isStorePath(path)) paths.add(path)
    done += some.length
    onProgress(done, attributes)
  }
  return { paths: [...paths].toSorted(), attributes, failed }
}

async function ask(
  set: SetQuestion,
  some: readonly string[] | null,
  options: ColdOptions,
  run: RunOptions,
): Promise<{ readonly answer: readonly string[] } | { readonly failure: ConfinedOutcome }> {
  const { requestFor, ...asked } = set
  const request = (inputs?: KnownInputs) => JSON.stringify({ ...requestFor(inputs), names: some })
  const outcome = await evaluateCold({ ...asked, expression: 'allOutputs.nix', request }, options, run)
  if (outcome.code !== 0) return { failure: outcome }
  try {
    return { answer: names.parse(JSON.parse(outcome.stdout)) }
  } catch (cause) {
    throw new NixFailed('what Nix made of the package set makes no sense', { cause })
  }
}

function chunksOf(all: readonly string[]): (readonly string[])[] {
  const count = Math.ceil(all.length / batch)
  return Array.from({ length: count }, (_, index) => all.slice(index * batch, (index + 1) * batch))
}
