import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { NixFailed } from '../../errors.ts'
import { limitLines, shellWord, type Launch, type Limits, type Machine, type View } from './launch.ts'

/** Programs of util-linux and coreutils that it takes. */
export const namespacePrograms = [
  'unshare',
  'mount',
  'umount',
  'pivot_root',
  'setpriv',
  'mkdir',
  'ln',
] as const

/**
 * Starts a program in namespaces of its own: with a root folder that holds what it may see, and without
 * network. A user who is not root is root in a user namespace for as long as that takes. The program itself
 * has no privilege.
 */
export function inNamespaces(
  program: readonly string[],
  view: View,
  limits: Limits,
  machine: Machine,
): Launch {
  if (machine.unshare === undefined) throw new NixFailed("'unshare' of util-linux is not installed")
  const own = machine.isRoot ? [] : ['--user', '--map-root-user']
  const namespaces = ['--mount', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child']
  const script = scriptFor(view, limits, machine).join('\n')
  return {
    command: machine.unshare,
    args: [...own, ...namespaces, '/bin/sh', '-c', script, 'nixery-sandbox', ...program],
  }
}

/** What is mounted, in the words of fstab(5). */
interface Mount {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: string
}

/** The first process of the namespace: such a one ignores many signals, so Nix has to be another. */
function scriptFor(
  { readable, writable }: View,
  limits: Limits,
  { root, path, system, user }: Machine,
): readonly string[] {
  const links = system.filter(isLink)
  const shown = [...system.filter((one) => !isLink(one)), ...readable]
  const [files, folders] = [[...shown].filter(isFile), [...shown, ...writable].filter((one) => !isFile(one))]
  const inRoot = (one: string) => shellWord(`.${one}`)
  const mounts = [
    ...shown.map((one) => bind(one, root, 'ro,nosuid,nodev')),
    ...writable.map((one) => bind(one, root, 'nosuid,nodev')),
    bind('/dev/null', root, 'nosuid'),
    { source: 'proc', target: `${root}/proc`, type: 'proc', options: 'nosuid,nodev,noexec' },
  ]
  const identity = user
    ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups']
    : ['--securebits=+noroot,+noroot_locked']
  const drop = [...identity, '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all']
  return [
    'set -e',
    // Not exported: the program gets none.
    `PATH=${shellWord(path)}`,
    `mount -t tmpfs -o mode=0755,size=1m,nosuid,nodev nixery ${shellWord(root)}`,
    `cd ${shellWord(root)}`,
    `mkdir -p old dev proc ${[...folders, ...files.map((one) => dirname(one))].map(inRoot).join(' ')}`,
    ...['/dev/null', ...files].map((file) => `[ -e ${inRoot(file)} ] || : > ${inRoot(file)}`),
    ...links.map((link) => `ln -s ${shellWord(readlinkSync(link))} ${inRoot(link)}`),
    `printf %s ${shellWord(mounts.map(fstabLine).join(''))} > fstab`,
    'mount -a -T fstab',
    'pivot_root . old',
    'umount -l old',
    'cd /',
    ...limitLines(limits),
    `setpriv ${drop.join(' ')} "$@"`,
    'exit $?',
  ]
}

function bind(path: string, root: string, options: string): Mount {
  return { source: path, target: `${root}${path}`, type: 'none', options: `bind,${options}` }
}

function fstabLine({ source, target, type, options }: Mount): string {
  return `${fstabWord(source)} ${fstabWord(target)} ${type} ${options} 0 0\n`
}

/** fstab(5): blanks are written in octal. */
function fstabWord(text: string): string {
  return text.replaceAll(
    /[\\\s]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
}
