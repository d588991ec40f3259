import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { strategies } from '../../src/layers/strategies.ts'
import { baseName } from '../../src/store/storePath.ts'
import type { PathInfo } from '../../src/store/pathInfo.ts'
import { demoClosure, present } from '../data/demoClosure.ts'
import { RealBytes } from '../data/realBytes.ts'
import { SyntheticStore } from '../data/syntheticStore.ts'

/** Store paths that make an image. */
export interface Dataset {
  readonly name: string
  readonly store: string
  readonly closure: readonly PathInfo[]
}

const nixStore = '/nix/store'

/**
 * What is packed: packages of the demo set, and store paths that are hard in one way each; together 1 GB of
 * these, a tenth of it in a quick run.
 */
export async function makeDatasets(folder: string, quick: boolean) {
  const scale = quick ? 0.1 : 1
  const wished = quick ? ['python3', 'git'] : ['ffmpeg', 'gcc', 'git', 'nodejs', 'python3']
  const closure = await demoClosure(present(wished), join(folder, 'state'))
  const bytes = new RealBytes(
    closure.map(({ path }) => join(nixStore, baseName(path))).filter((path) => isFolder(path)),
  )
  const synthetic = new SyntheticStore(join(folder, 'store'), bytes)
  const files = [synthetic.manyFiles(20_000 * scale)]
  const large = [synthetic.oneFile(460e6 * scale)]
  const graph = synthetic.graph(200, 500e6 * scale)
  bytes.close()
  const store = synthetic.folder
  const datasets: readonly Dataset[] = [
    { name: `demo: ${present(wished).join(', ')}`, store: nixStore, closure },
    { name: '200 store paths', store, closure: graph },
    { name: `${20_000 * scale} small files`, store, closure: files },
    { name: 'one large file', store, closure: large },
  ]
  return { datasets, all: { name: 'all in one layer', store, closure: [...files, ...large, ...graph] } }
}

/** Groups as the server does. */
export function layersOf({ closure }: Dataset, budget: number): readonly (readonly PathInfo[])[] {
  const infos = new Map(closure.map((info) => [info.path, info]))
  const nodes = closure.map(({ path, narSize, references }) => ({ path, size: narSize, references }))
  const nothing = { popularity: new Map(), forest: new Map(), needed: new Map() }
  const plans = strategies.forest({ roots: [], nodes }, nothing, budget)
  return plans.map(({ storePaths }) => storePaths.flatMap((path) => infos.get(path) ?? []))
}

export function sizeOf({ closure }: Dataset): number {
  return closure.reduce((sum, { narSize }) => sum + narSize, 0)
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch {
    return false
  }
}
