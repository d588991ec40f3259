import { readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What stands at one place of the image's root. `target` is absolute, inside the store. */
export type Node =
  | { readonly kind: 'folder'; readonly children: Map<string, Node> }
  | { readonly kind: 'link'; readonly target: string }

/**
 * One tree out of several, by links: what only one of them has is a link to it, and where several have a folder
 * of one name, it is a folder with the contents of all. What the first has is what is seen.
 * @param trees absolute paths, the most important first; what is not a folder has nothing to link to
 * @param alwaysFolders paths such as `etc` that are folders of the image's own, whatever the trees have
 */
export function mergeTrees(trees: readonly string[], alwaysFolders: ReadonlySet<string>): Map<string, Node> {
  return merge(trees.filter(isFolder), { at: '', above: new Set(), alwaysFolders })
}

interface Place {
  /** Path in the image, empty for its root. */
  readonly at: string
  /** Where the folders above really are: a link that leads back to one of them stays a link. */
  readonly above: ReadonlySet<string>
  readonly alwaysFolders: ReadonlySet<string>
}

function merge(folders: readonly string[], place: Place): Map<string, Node> {
  const providers = new Map<string, string[]>()
  for (const folder of folders) {
    for (const name of readdirSync(folder).toSorted()) {
      providers.set(name, [...(providers.get(name) ?? []), join(folder, name)])
    }
  }
  const above = new Set([...place.above, ...folders.map((folder) => realpathSync(folder))])
  const children = new Map<string, Node>()
  for (const [name, paths] of providers) {
    const at = place.at === '' ? name : `${place.at}/${name}`
    children.set(name, choose(paths, { ...place, at, above }))
  }
  return children
}

/** What stands where the given paths all want to be. */
function choose(paths: readonly string[], place: Place): Node {
  const folders = paths.filter((path) => isFolder(path) && !place.above.has(realpathSync(path)))
  const target = paths[0] ?? ''
  const joined = place.alwaysFolders.has(place.at)
    ? folders.length > 0
    : folders.length > 1 && folders[0] === target
  return joined ? { kind: 'folder', children: merge(folders, place) } : { kind: 'link', target }
}

/** Whether there is a folder, also behind a link. A link to nowhere, or into itself, is none. */
function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOOP') return false
    throw error
  }
}
