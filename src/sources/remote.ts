import type { RunOptions } from '../work/events.ts'
import { splitAddress, type Credentials } from './address.ts'
import { git } from './gitCommand.ts'
import { credentialsInFile } from './netrc.ts'

/**
 * Tells git the credentials without writing them to a file or a command line, where others could read them.
 * The empty setting before it keeps other helpers from being asked first.
 */
const helper =
  '!f() { test "$1" = get && printf \'username=%s\\npassword=%s\\n\' "$NIXERY_GIT_USERNAME" "$NIXERY_GIT_PASSWORD"; }; f'

/** A server that is asked for a package set, and the credentials that it is shown. */
export class Remote {
  /** Without secrets: it may be logged. */
  readonly address: string
  readonly #own: Credentials | undefined
  readonly #netrc: string | undefined

  /**
   * @param address any that git takes; the user and password of one of the web are kept apart
   * @param netrc a file with credentials by host, for an address of the web that has none itself
   */
  constructor(address: string, netrc?: string) {
    const split = splitAddress(address)
    this.address = split.address
    this.#own = split.credentials
    this.#netrc = netrc
  }

  /** The file is read each time: credentials may be renewed while the server runs. @throws SourceFailed */
  async credentials(): Promise<Credentials | undefined> {
    if (this.#own || this.#netrc === undefined || !URL.canParse(this.address)) return this.#own
    const { protocol, hostname } = new URL(this.address)
    return /^https?:$/.test(protocol) ? credentialsInFile(this.#netrc, hostname) : undefined
  }

  /**
   * What git wrote to stdout, run so that it may show the credentials to this remote alone. @throws
   * SourceFailed
   */
  async git(args: readonly string[], run: RunOptions): Promise<string> {
    const credentials = await this.credentials()
    if (!credentials) return git(args, run)
    const { origin } = new URL(this.address)
    const settings = ['-c', 'credential.helper=', '-c', `credential.${origin}.helper=${helper}`]
    return git([...settings, ...args], run, {
      NIXERY_GIT_USERNAME: credentials.username,
      NIXERY_GIT_PASSWORD: credentials.password,
    })
  }
}
