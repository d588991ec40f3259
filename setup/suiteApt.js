import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from './command.js'
import { plainEnv } from './machine.js'

/** Where Debian keeps the keys of its archives (package debian-archive-keyring). */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Bytes of output that a program of apt may write. */
const maxOutput = 2 ** 26

/** Signatures are checked, whatever the machine's configuration says. Later lines win. */
const signed = ['InsecureRepositories', 'WeakRepositories', 'DowngradeToInsecureRepositories'].map(
  (name) => `Acquire::Allow${name} "false";`,
)

/**
 * apt for another suite than the machine's. It takes the archive's address and the way to it (proxy,
 * certificates, credentials) from the machine's configuration, and has lists, state and cache of its own in a
 * folder. It runs none of the machine's hooks and changes nothing outside of the folder, so an ordinary user
 * may call it.
 */
export class SuiteApt {
  #folder
  #suite
  #env

  /**
   * @param {string} folder is made
   * @param {string} suite such as `trixie`
   * @param {string} architecture as Debian calls it
   * @throws Error if the machine's apt knows no archive of Debian's
   */
  constructor(folder, suite, architecture) {
    this.#folder = folder
    this.#suite = suite
    this.#env = { ...plainEnv, APT_CONFIG: join(folder, 'apt.conf') }
    for (const name of ['lists/partial', 'archives/partial', 'none']) {
      mkdirSync(join(folder, name), { recursive: true })
    }
    const options = [existsSync(keyring) ? `signed-by=${keyring} ` : '', 'target=Packages lang=none '].join(
      '',
    )
    const sources = this.#archives().map(
      ([base, name]) => `deb [${options}arch=${architecture}] ${base} ${name} main\n`,
    )
    writeFileSync(join(folder, 'sources.list'), sources.join(''))
    writeFileSync(join(folder, 'status'), '')
    writeFileSync(join(folder, 'apt.conf'), this.#configuration(architecture), { mode: 0o600 })
  }

  /**
   * Fetches the suite's lists. One archive of several may fail, if the others have the packages.
   * @param {readonly string[]} packages what will be wanted
   * @returns {Promise<readonly string[]>} what has to be installed for it on an empty machine, itself
   * included
   */
  async update(packages) {
    const options = ['install', '--simulate', '--quiet', '--quiet', '--no-install-recommends']
    /** @type {unknown} */
    let fault
    await runSilently('apt-get', ['update', '--quiet'], this.#env).catch((error) => (fault = error))
    try {
      const text = output('apt-get', [...options, ...packages], this.#env)
      return [...text.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)
    } catch (error) {
      throw fault ?? error
    }
  }

  /**
   * Downloads packages into a folder. apt checks them against the signed lists.
   * @param {readonly string[]} packages
   * @param {string} folder
   */
  download(packages, folder) {
    return runSilently('apt-get', ['download', '--quiet', ...packages], this.#env, folder)
  }

  /**
   * @returns {readonly (readonly [base: string, suite: string])[]} Debian's own archives, as the machine has
   * them
   */
  #archives() {
    const format = '$(ORIGIN)\t$(LABEL)\t$(REPO_URI)'
    const targets = output('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], plainEnv)
    const named = targets.split('\n').map((line) => line.split('\t'))
    const basesOf = (/** @type {string} */ wanted) => [
      ...new Set(
        named.flatMap(([origin, label, base = '']) =>
          origin === 'Debian' && label === wanted ? [base] : [],
        ),
      ),
    ]
    const bases = basesOf('Debian')
    if (bases.length === 0) {
      throw new Error("apt has no lists of Debian's own archive. Run 'apt-get update' as root.")
    }
    return [
      ...bases.map((base) => /** @type {const} */ ([base, this.#suite])),
      ...basesOf('Debian-Security').map((base) => /** @type {const} */ ([base, `${this.#suite}-security`])),
    ]
  }

  /**
   * apt reads this file before the machine's, of which it is told not to read any: they may contain hooks.
   */
  #configuration(/** @type {string} */ architecture) {
    const path = (/** @type {string} */ name) => JSON.stringify(join(this.#folder, name))
    const machine = output('apt-config', ['dump'], plainEnv).split('\n')
    const acquire = machine.filter((line) => line.startsWith('Acquire::'))
    return [
      ...acquire,
      ...signed,
      `APT::Architecture "${architecture}";`,
      `APT::Architectures:: "${architecture}";`,
      // Dropping root's rights, apt could not write into a folder of a private checkout.
      'APT::Sandbox::User "";',
      'APT::Update::Error-Mode "any";',
      'Debug::NoLocking "true";',
      'Dir::Etc::main "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      ...['parts', 'preferencesparts', 'sourceparts'].map((name) => `Dir::Etc::${name} ${path('none')};`),
      `Dir::Etc::sourcelist ${path('sources.list')};`,
      `Dir::State ${path('.')};`,
      `Dir::State::status ${path('status')};`,
      `Dir::Cache ${path('.')};`,
      '',
    ].join('\n')
  }
}

/**
 * What a program writes to stdout.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string}
 * @throws Error with what it wrote to stderr
 */
export function output(file, args, env = plainEnv) {
  return execFileSync(file, args, {
    env,
    encoding: 'utf8',
    maxBuffer: maxOutput,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
