import { LRUCache } from 'lru-cache'
import { TooManyRequests } from '../errors.ts'

/** Wrong passwords that a client may send in a row of minutes, and how long they count, in milliseconds. */
const most = 20
const counted = 60_000
/** Clients in memory. */
const rememberedClients = 100_000

/** Counts wrong passwords by client. */
export class Guesses {
  readonly #wrong = new LRUCache<string, number>({ max: rememberedClients, ttl: counted })

  /** @throws TooManyRequests if the client has sent too many wrong passwords */
  admit(client: string): void {
    if ((this.#wrong.get(client) ?? 0) < most) return
    const seconds = Math.ceil(this.#wrong.getRemainingTTL(client) / 1000)
    throw new TooManyRequests('too many wrong passwords came from your address', Math.max(1, seconds))
  }

  /** The client has sent a wrong password. */
  wrong(client: string): void {
    const before = this.#wrong.get(client) ?? 0
    this.#wrong.set(client, before + 1, { noUpdateTTL: before > 0 })
  }
}
