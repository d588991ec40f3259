import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { EvaluationFailed, NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { builderArgs, lastWords, runNix, TARBALL_TTL, type NixOptions, type NixOutcome } from './command.ts'
import { isStorePath, type StorePath } from '../store/storePath.ts'
import type { SetLocation } from '../store/revision.ts'
import type { System } from '../store/system.ts'

const expression = fileURLToPath(new URL('./allOutputs.nix', import.meta.url))

/**
 * Attributes that are evaluated by one process: what one of them cannot survive costs the others a second
 * try.
 */
const batch = 400

const names = z.array(z.string())

interface WholeSet {
  readonly location: SetLocation
  readonly system: System
}

/**
 * The store paths of all packages of a set, and how many of its attributes were evaluated and could not be.
 */
interface AllOutputs {
  readonly paths: readonly StorePath[]
  readonly attributes: number
  readonly failed: number
}

/**
 * Evaluates every attribute of a set, in batches; attributes that end Nix itself are found by halving, and
 * left out.
 * @param onProgress told at the beginning and after each batch how many attributes are done
 * @throws EvaluationFailed when the set as a whole cannot be evaluated; NixFailed
 */
export async function allOutputs(
  set: WholeSet,
  options: NixOptions,
  run: RunOptions,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<AllOutputs> {
  const listed = await ask({ ...set, names: null }, options, run)
  if ('failure' in listed) {
    throw new EvaluationFailed(`the package set cannot be evaluated: ${lastWords(listed.failure)}`)
  }
  const paths = new Set<StorePath>()
  const attributes = listed.answer.length
  let [done, failed] = [0, 0]
  const pending = chunksOf(listed.answer)
  onProgress(done, attributes)
  for (let some = pending.shift(); some !== undefined; some = pending.shift()) {
    const found = await ask({ ...set, names: some }, options, run)
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
  request: WholeSet & { readonly names: readonly string[] | null },
  options: NixOptions,
  run: RunOptions,
): Promise<{ readonly answer: readonly string[] } | { readonly failure: NixOutcome }> {
  const mode = ['--eval', '--strict', '--json', '--read-write-mode']
  const tarball = ['--option', 'tarball-ttl', String(TARBALL_TTL)]
  const args = [...mode, ...tarball, ...builderArgs(options), '--argstr', 'request', JSON.stringify(request)]
  const outcome = await runNix('nix-instantiate', [...args, expression], options, run)
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
