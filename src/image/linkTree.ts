import type { Tree } from '../store/tree.ts'

/** One entry of the image's root. `target` is absolute, inside the store. */
export type Node =
  | { readonly kind: 'folder'; readonly children: Map<string, Node> }
  | { readonly kind: 'link'; readonly target: string }

/** A store path, and what is in it. */
export interface PackageTree {
  readonly path: string
  readonly tree: Tree
}

/**
 * After so many names, folders are no longer merged and the first is linked. No working image has as many.
 */
const mostNames = 200_000

/**
 * Merges several trees into one of links. An entry that only one tree has becomes a link to it. A folder that
 * several trees have becomes a folder with the contents of all. If two trees have the same file, the first
 * wins.
 * @param trees the most important first
 * @param behindLinks store paths that links of the trees may lead to
 * @param alwaysFolders paths such as `etc` that are always folders of the image itself
 */
export function mergeTrees(
  trees: readonly PackageTree[],
  behindLinks: readonly PackageTree[],
  alwaysFolders: ReadonlySet<string>,
): Map<string, Node> {
  return new Merge([...trees, ...behindLinks], alwaysFolders).merge(trees, '', new Set())
}

interface Provider {
  readonly path: string
  /** Undefined if it is not a folder. */
  readonly tree: Tree | undefined
}

class Merge {
  readonly #known: ReadonlyMap<string, Tree>
  readonly #alwaysFolders: ReadonlySet<string>
  #names = 0

  constructor(known: readonly PackageTree[], alwaysFolders: ReadonlySet<string>) {
    this.#known = new Map(known.map(({ path, tree }) => [path, tree]))
    this.#alwaysFolders = alwaysFolders
  }

  /** @param above the folders around these: a link back to one of them stays a link */
  merge(folders: readonly PackageTree[], at: string, above: ReadonlySet<Tree>): Map<string, Node> {
    const providers = new Map<string, Provider[]>()
    for (const { path, tree } of folders) {
      for (const node of tree) {
        const [name, inside] = typeof node === 'string' ? [node] : node
        const others = providers.get(name) ?? []
        others.push({
          path: `${path}/${name}`,
          tree: typeof inside === 'string' ? this.#behind(inside) : inside,
        })
        providers.set(name, others)
      }
    }
    this.#names += providers.size
    const inner = new Set([...above, ...folders.map(({ tree }) => tree)])
    const children = new Map<string, Node>()
    for (const [name, all] of providers) {
      children.set(name, this.#choose(all, at === '' ? name : `${at}/${name}`, inner))
    }
    return children
  }

  /** Decides between several entries of one name. */
  #choose(providers: readonly Provider[], at: string, above: ReadonlySet<Tree>): Node {
    const folders = providers.filter(
      (one): one is PackageTree => one.tree !== undefined && !above.has(one.tree),
    )
    const [first] = providers
    const joined = this.#alwaysFolders.has(at)
      ? folders.length > 0
      : folders.length > 1 && folders[0] === first && this.#names < mostNames
    return joined
      ? { kind: 'folder', children: this.merge(folders, at, above) }
      : { kind: 'link', target: first?.path ?? '' }
  }

  /** The tree at an absolute path, if its store path is known. */
  #behind(path: string): Tree | undefined {
    const root = [...this.#known.keys()].find((known) => path === known || path.startsWith(`${known}/`))
    if (root === undefined) return undefined
    let tree = this.#known.get(root)
    for (const name of path.slice(root.length).split('/').filter(Boolean)) {
      const node = tree?.find((one) => typeof one !== 'string' && one[0] === name)
      tree = typeof node === 'string' || typeof node?.[1] === 'string' ? undefined : node?.[1]
    }
    return tree
  }
}
