import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { buildFailureOf } from './buildFailure.ts'
import { refusedBuilders } from './builderSettings.ts'
import { builderArgs, lastWords, runNix, type NixOptions } from './command.ts'
import { DerivationMissing } from './failures.ts'
import type { GcRoots, RootFolder } from './gcRoots.ts'
import type { GcRoot } from './nix.ts'
import type { Package } from '../store/package.ts'
import type { StorePath } from '../store/storePath.ts'

/** See `Nix.realise`: one call for all outputs. */
export async function realise(
  packages: readonly Package[],
  roots: GcRoots,
  options: NixOptions,
  run: RunOptions,
): Promise<GcRoot> {
  const folder = await createFolder(roots)
  try {
    await realiseInto(folder, packages, options, run)
    return folder
  } catch (error) {
    await folder.release()
    throw error
  }
}

async function createFolder(roots: GcRoots): Promise<RootFolder> {
  try {
    return await roots.create()
  } catch (cause) {
    throw new NixFailed('the folder for garbage collector roots cannot be written', { cause })
  }
}

async function realiseInto(
  folder: RootFolder,
  packages: readonly Package[],
  options: NixOptions,
  run: RunOptions,
): Promise<void> {
  if (packages.length === 0) return
  const targets = await targetsOf(packages)
  const links = ['--add-root', join(folder.path, 'root'), '--indirect']
  const args = ['--realise', ...builderArgs(options), ...links, ...targets.keys()]
  const outcome = await runNix('nix-store', args, options, run)
  if (outcome.code === 0) return
  const refusal = refusedBuilders(outcome.log.errors)
  if (refusal !== undefined) throw new NixFailed(refusal)
  const failure = buildFailureOf(outcome)
  // Looked at again: the collector may have come since.
  const missing = (await areThere([...targets.values()])).includes(false)
  if (failure && (!missing || failure.derivation !== undefined)) throw failure
  throw new (missing ? DerivationMissing : NixFailed)(
    `the packages cannot be realised: ${lastWords(outcome)}`,
  )
}

/**
 * What to realise, and the derivation that each comes from. A derivation that was collected is left out of
 * it: its outputs may still be valid, or substitutable.
 */
async function targetsOf(packages: readonly Package[]): Promise<ReadonlyMap<string, StorePath>> {
  const outputs = new Map<StorePath, Map<string, StorePath>>()
  for (const one of packages) {
    const known = outputs.get(one.derivation) ?? new Map<string, StorePath>()
    for (const { name, path } of one.outputs) known.set(name, path)
    outputs.set(one.derivation, known)
  }
  const there = await areThere([...outputs.keys()])
  const targets = new Map<string, StorePath>()
  for (const [index, [derivation, wanted]] of [...outputs].entries()) {
    if (there[index]) targets.set(`${derivation}!${[...wanted.keys()].join(',')}`, derivation)
    else for (const path of wanted.values()) targets.set(path, derivation)
  }
  return targets
}

function areThere(paths: readonly StorePath[]): Promise<readonly boolean[]> {
  return Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  )
}
