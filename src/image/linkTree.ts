import type { Tree } from './tree.ts'

/** What stands at one place of the image's root. `target` is absolute, inside the store. */
export type Node =
  | { readonly kind: 'folder'; readonly children: Map<string, Node> }
  | { readonly kind: 'link'; readonly target: string }

/** A folder of a package: where it is, and what is in it. */
export interface PackageTree {
  readonly path: string
  readonly tree: Tree
}

/**
 * One tree out of several, by links: what only one of them has is a link to it, and where several have a folder
 * of one name, it is a folder with the contents of all. What the first has is what is seen.
 * @param trees the most important first
 * @param alwaysFolders paths such as `etc` that are folders of the image's own, whatever the trees have
 */
export function mergeTrees(
  trees: readonly PackageTree[],
  alwaysFolders: ReadonlySet<string>,
): Map<string, Node> {
  return merge(trees, '', alwaysFolders)
}

interface Provider {
  readonly path: string
  /** Undefined for what is no folder. */
  readonly tree: Tree | undefined
}

function merge(
  trees: readonly PackageTree[],
  at: string,
  alwaysFolders: ReadonlySet<string>,
): Map<string, Node> {
  const providers = new Map<string, Provider[]>()
  for (const { path, tree } of trees) {
    for (const node of tree) {
      const [name, inner] = typeof node === 'string' ? [node] : node
      const others = providers.get(name) ?? []
      others.push({ path: `${path}/${name}`, tree: inner })
      providers.set(name, others)
    }
  }
  const children = new Map<string, Node>()
  for (const [name, all] of providers) {
    children.set(name, choose(all, at === '' ? name : `${at}/${name}`, alwaysFolders))
  }
  return children
}

/** What stands where several want to be. */
function choose(providers: readonly Provider[], at: string, alwaysFolders: ReadonlySet<string>): Node {
  const folders = providers.filter((one): one is PackageTree => one.tree !== undefined)
  const [first] = providers
  const joined = alwaysFolders.has(at) ? folders.length > 0 : folders.length > 1 && folders[0] === first
  return joined
    ? { kind: 'folder', children: merge(folders, at, alwaysFolders) }
    : { kind: 'link', target: first?.path ?? '' }
}
