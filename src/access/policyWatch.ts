import type { Logger } from '../logger.ts'
import { AccessFileError } from './accessFileError.ts'
import { fingerprintOf, readPolicy, type Policy } from './policyFile.ts'

/**
 * Milliseconds between two looks at the files. A mounted secret is replaced by links, which no watch sees.
 */
const interval = 1_000

/** The policy as its files have it now. If they get faults, the last good policy stays. */
export class PolicyWatch {
  readonly #path: string
  readonly #logger: Logger
  #policy: Policy
  #fingerprint: string
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> | undefined

  private constructor(path: string, logger: Logger, policy: Policy, fingerprint: string) {
    this.#path = path
    this.#logger = logger
    this.#policy = policy
    this.#fingerprint = fingerprint
  }

  /** @throws AccessFileError if there is no good policy to begin with */
  static async start(path: string, logger: Logger): Promise<PolicyWatch> {
    const policy = await readPolicy(path)
    const watch = new PolicyWatch(path, logger, policy, await fingerprintOf(policy.files))
    watch.#timer = setInterval(() => void watch.look(), interval).unref()
    return watch
  }

  get policy(): Policy {
    return this.#policy
  }

  /** Reads the files again if they have changed. */
  look(): Promise<void> {
    return (this.#look ??= this.#reload().finally(() => (this.#look = undefined)))
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#look
  }

  async #reload(): Promise<void> {
    const fingerprint = await fingerprintOf(this.#policy.files)
    if (fingerprint === this.#fingerprint) return
    this.#fingerprint = fingerprint
    try {
      this.#policy = await readPolicy(this.#path)
      this.#fingerprint = await fingerprintOf(this.#policy.files)
      this.#logger.info(
        { rules: this.#policy.rules.length },
        'the access file has changed: its rules are in force',
      )
    } catch (error) {
      if (!(error instanceof AccessFileError)) throw error
      const { faults } = error
      this.#logger.error(
        { faults },
        'the access file has changed and has faults: the old rules stay in force',
      )
    }
  }
}
