import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { TooManyRequests } from '../errors.ts'
import { startThread } from '../work/startThread.ts'
import { ThreadTeam } from '../work/threadTeam.ts'
import { Guesses } from './guesses.ts'

/** Checks that may wait. At 70 ms each, the last one waits for two seconds. */
const mostWaiting = 32
/** Seconds. */
const retryAfter = 2
/** bcrypt does not look at more bytes, so two long passwords could count as one. */
const longestPassword = 72
/** Milliseconds for which a password that was right needs no second check. */
const rememberedFor = 300_000
const idleMs = 60_000

/** Checks passwords in a thread of its own, because a check takes many milliseconds on purpose. */
export class Passwords {
  readonly #threads = new ThreadTeam<{ readonly password: string; readonly hash: string }, boolean>(
    () => startThread(import.meta.url, 'passwordWorker'),
    { size: 1, idleMs },
  )
  readonly #secret = randomBytes(32)
  /** Only passwords that were right, under a key that tells nothing. */
  readonly #right = new LRUCache<string, true>({ max: 10_000, ttl: rememberedFor })
  readonly #guesses = new Guesses()
  #waiting = 0

  /**
   * Whether a user has this password. For an unknown user the check takes as long, so that it does not show
   * who exists.
   * @param users hashes of bcrypt by user
   * @param client whose wrong passwords are counted together
   * @throws TooManyRequests if too many checks wait, or the client has guessed too often
   */
  async verify(
    users: ReadonlyMap<string, string>,
    name: string,
    password: string,
    client: string,
  ): Promise<boolean> {
    const [somebody] = users.values()
    const hash = users.get(name) ?? somebody
    if (hash === undefined || Buffer.byteLength(password) > longestPassword) return false
    const key = createHmac('sha256', this.#secret).update(`${name}\n${hash}\n${password}`).digest('base64')
    if (this.#right.has(key)) return true
    this.#guesses.admit(client)
    if (this.#waiting >= mostWaiting)
      throw new TooManyRequests('too many passwords wait to be checked', retryAfter)
    this.#waiting++
    try {
      const right = await this.#threads.ask({ password, hash })
      if (!right || !users.has(name)) {
        this.#guesses.wrong(client)
        return false
      }
      this.#right.set(key, true)
      return true
    } finally {
      this.#waiting--
    }
  }
}
