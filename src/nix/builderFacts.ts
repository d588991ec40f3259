import { access, constants, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { run } from '../process/run.ts'

/** Milliseconds for each question to Nix. */
const patience = 10_000

/** What a set-up made in the project's folder, if it did. */
const ofProject = (path: string) => fileURLToPath(new URL(`../../var/${path}`, import.meta.url))
const demoSet = ofProject('demo/set')
const unpackedShell = ofProject(`nix/${process.platform}-${process.arch}/libexec/bash-static`)

/** What decides who runs Nix' builders, and where. */
export interface BuilderFacts {
  /** The demo set's builders use the machine's programs, which a sandbox would hide. */
  readonly demo: boolean
  readonly root: boolean
  /** A daemon builds, by settings of its own. */
  readonly daemon: boolean
  /** Groups of the machine. */
  readonly groups: ReadonlySet<string>
  /**
   * Settings of Nix by name; none if Nix cannot be asked. `auto-allocate-uids` is among them if Nix knows it.
   */
  readonly settings: ReadonlyMap<string, string>
  /** `sandbox-paths` with a shell that is there, if Nix' own is not. */
  readonly sandboxPaths?: string
}

/** Looks at the machine. @param set folder of the package set, if the source is one. Never throws. */
export async function builderFacts(set: string | undefined): Promise<BuilderFacts> {
  const demo = set === demoSet
  const root = process.getuid?.() === 0
  const [groups, settings] = await Promise.all([readGroups(), demo ? new Map() : readSettings()])
  const sandboxPaths = await withShell(settings.get('sandbox-paths') ?? '')
  return {
    demo,
    root,
    daemon: !root && (await asksDaemon(settings.get('store'))),
    groups,
    settings,
    ...(sandboxPaths === undefined ? {} : { sandboxPaths }),
  }
}

async function readGroups(): Promise<ReadonlySet<string>> {
  const text = await readFile('/etc/group', 'utf8').catch(() => '')
  return new Set([...text.matchAll(/^[^:\n]+/gm)].map(([name]) => name))
}

/** The command was called `show-config` before Nix 2.20. */
async function readSettings(): Promise<ReadonlyMap<string, string>> {
  for (const command of [['config', 'show'], ['show-config']]) {
    const features = ['--extra-experimental-features', 'nix-command auto-allocate-uids']
    const signal = AbortSignal.timeout(patience)
    const ended = await run('nix', [...features, ...command], { signal }).catch(() => undefined)
    if (ended?.code === 0) return parseSettings(ended.stdout)
  }
  return new Map()
}

/** `NAME = VALUE` lines. */
function parseSettings(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/^([a-z0-9-]+) = (.*)$/gm)
  return new Map([...found].map(([, name = '', value = '']) => [name, value]))
}

/** Nix asks the daemon where it may not write itself. @param store Nix' setting */
async function asksDaemon(store: string | undefined): Promise<boolean> {
  if (store === 'daemon' || store?.startsWith('unix:')) return true
  return store === 'auto' && !(await permits('/nix/var/nix', constants.W_OK))
}

/** The path of the shell is compiled into Nix; where Nix was unpacked, the shell is elsewhere. */
async function withShell(paths: string): Promise<string | undefined> {
  const [, shell] = /(?:^|\s)\/bin\/sh=(\S+)/.exec(paths) ?? []
  if (shell === undefined || (await permits(shell)) || !(await permits(unpackedShell))) return undefined
  return paths.replace(`/bin/sh=${shell}`, `/bin/sh=${unpackedShell}`)
}

function permits(path: string, mode = constants.R_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
