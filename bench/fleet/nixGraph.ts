import { readFile, stat } from 'node:fs/promises'
import { parseReferenceGraph } from '../../src/layers/graph.ts'
import { packageKey } from '../../src/layers/packageKey.ts'
import type { ClosureNode } from '../../src/layers/plan.ts'
import type { StorePath } from '../../src/store/storePath.ts'
import { BinaryCache } from '../../src/layerTables/binaryCache.ts'
import type { PackageGraph } from './packageGraph.ts'

const base = new Set(['nss-cacert', 'iana-etc'])
const shell = new Set(['bash-interactive', 'bash', 'coreutils', 'moreutils', 'nano'])

/**
 * What Nix knows: a file as it writes for `exportReferencesGraph`, or a folder of narinfos. Images are made
 * for what the graph was exported for, else for what nothing refers to.
 */
export async function nixGraph(location: string): Promise<PackageGraph> {
  const isFolder = (await stat(location)).isDirectory()
  const { nodes, roots } = isFolder
    ? { nodes: await narInfos(location), roots: [] }
    : parseReferenceGraph(await readFile(location, 'utf8'))
  const referred = new Set(nodes.flatMap(({ references }) => references))
  const programs = roots.length > 0 ? roots : pathsOf(nodes).filter((path) => !referred.has(path))
  const called = (keys: ReadonlySet<string>) => pathsOf(nodes).filter((path) => keys.has(packageKey(path)))
  return { origin: location, nodes, base: called(base), shell: called(shell), programs }
}

async function narInfos(folder: string): Promise<readonly ClosureNode[]> {
  const cache = new BinaryCache(folder)
  const signal = new AbortController().signal
  const found: ClosureNode[] = []
  for (const hash of await cache.list()) {
    const node = await cache.read(hash, signal)
    if (node) found.push(node)
  }
  const known = new Set(pathsOf(found))
  return found.map((node) => ({ ...node, references: node.references.filter((path) => known.has(path)) }))
}

function pathsOf(nodes: readonly ClosureNode[]): readonly StorePath[] {
  return nodes.map(({ path }) => path)
}
