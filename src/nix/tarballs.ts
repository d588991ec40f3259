import { access } from 'node:fs/promises'
import { SourceFailed } from '../errors.ts'
import type { SetLocation } from '../store/revision.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'

/** Seconds, the most that Nix takes: what a commit's tarball holds never changes. */
const lifetime = 4_294_967_295

type LocalSet = Extract<SetLocation, { kind: 'path' }>

/** Package sets that Nix downloads and keeps in the local store. Nothing of their content is evaluated here. */
export class Tarballs {
  readonly #options: Pick<NixOptions, 'env'>
  readonly #paths = new Map<string, string>()

  constructor(options: Pick<NixOptions, 'env'>) {
    this.#options = options
  }

  /** The set as a folder. @throws SourceFailed, NixFailed */
  async locate(location: SetLocation, run: RunOptions): Promise<LocalSet> {
    if (location.kind === 'path') return location
    const known = this.#paths.get(location.url)
    if (known !== undefined && (await isThere(known))) return { kind: 'path', path: known }
    const path = await this.#fetch(location.url, run)
    this.#paths.set(location.url, path)
    return { kind: 'path', path }
  }

  async #fetch(url: string, run: RunOptions): Promise<string> {
    const expression = '{ url }: "${fetchTarball url}"'
    const args = ['--eval', '--json', '--read-write-mode', '--option', 'tarball-ttl', String(lifetime)]
    const all = [...args, '--argstr', 'url', url, '--expr', expression]
    const outcome = await runNix('nix-instantiate', all, this.#options, run)
    const path: unknown = outcome.code === 0 ? JSON.parse(outcome.stdout) : undefined
    if (typeof path === 'string') return path
    throw new SourceFailed(`the package set cannot be fetched: ${lastWords(outcome)}`)
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
