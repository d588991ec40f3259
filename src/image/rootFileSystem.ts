import type { Entry } from '../oci/entry.ts'
import { mergeTrees, type Node, type PackageTree } from './linkTree.ts'

/** Folders that programs and container engines write to or mount into, with their modes. */
const ownFolders: Readonly<Record<string, number>> = {
  bin: 0o755,
  etc: 0o755,
  root: 0o700,
  run: 0o755,
  tmp: 0o1777,
  usr: 0o755,
  'usr/bin': 0o755,
  var: 0o755,
  'var/tmp': 0o1777,
}

const ownFiles: Readonly<Record<string, string>> = {
  'etc/group': 'root:x:0:\nnobody:x:65534:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/var/empty:/bin/false\n',
}

/** Not linked: folders for Nix alone, the store, and what the kernel mounts. */
const notLinked = ['nix-support', 'nix', 'proc', 'dev', 'sys']

/**
 * The root of an image: links into its packages, and the few files and folders that no package has.
 * @param packages the image's packages and what they propagate; if two have the same file, the first wins
 * @param behindLinks store paths that links of these lead to
 */
export function rootFileSystem(
  packages: readonly PackageTree[],
  behindLinks: readonly PackageTree[] = [],
): readonly Entry[] {
  const root = mergeTrees(packages, behindLinks, new Set(Object.keys(ownFolders)))
  for (const name of notLinked) root.delete(name)
  for (const path of Object.keys(ownFolders)) ensureFolder(root, path)
  linkWhereMissing(root, 'bin/sh', 'bin/bash')
  linkWhereMissing(root, 'usr/bin/env', 'bin/env')
  // The path of a folder is a prefix of its children's, so it comes first.
  return [...entries(root, '')].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Programs use these two by their full path, but packages have them elsewhere. */
function linkWhereMissing(root: Map<string, Node>, path: string, from: string): void {
  const target = find(root, from)
  if (target?.kind !== 'link' || find(root, path)) return
  const cut = path.lastIndexOf('/')
  ensureFolder(root, path.slice(0, cut)).set(path.slice(cut + 1), target)
}

function find(root: Map<string, Node>, path: string): Node | undefined {
  let node: Node | undefined = { kind: 'folder', children: root }
  for (const name of path.split('/')) node = node?.kind === 'folder' ? node.children.get(name) : undefined
  return node
}

function ensureFolder(root: Map<string, Node>, path: string): Map<string, Node> {
  let children = root
  for (const name of path.split('/')) {
    const there = children.get(name)
    const folder =
      there?.kind === 'folder' ? there : { kind: 'folder' as const, children: new Map<string, Node>() }
    children.set(name, folder)
    children = folder.children
  }
  return children
}

function* entries(children: ReadonlyMap<string, Node>, at: string): Generator<Entry> {
  if (at === '') yield* Object.entries(ownFiles).map(([path, text]) => ownFile(path, text))
  for (const [name, node] of children) {
    const path = at === '' ? name : `${at}/${name}`
    if (Object.hasOwn(ownFiles, path)) continue
    if (node.kind === 'link') {
      yield { kind: 'link', path, target: node.target }
    } else {
      yield { kind: 'directory', path, mode: ownFolders[path] ?? 0o755 }
      yield* entries(node.children, path)
    }
  }
}

function ownFile(path: string, text: string): Entry {
  return { kind: 'file', path, mode: 0o644, content: Buffer.from(text) }
}
