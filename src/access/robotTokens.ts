import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { RobotTokenRecord } from '../storage/accessRecords.ts'
import { namesOf, recordKey, Records } from '../storage/records.ts'

/** Scanners for leaked secrets recognise tokens by it. */
export const robotTokenPrefix = 'nixery_'
const pattern = /^nixery_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/
/** Milliseconds after which a revoked token is refused by every server at the latest. */
const rememberedFor = 10_000

/** A robot's token, as lists show it: nobody can find out the token from it. */
interface RobotToken extends Pick<RobotTokenRecord, 'name' | 'created' | 'expires'> {
  readonly id: string
}

/** Tokens of robots. The storage has only their hashes. All servers of a storage accept the same tokens. */
export class RobotTokens {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #records: Records<[id: string], RobotTokenRecord>
  readonly #known = new LRUCache<string, { readonly record: RobotTokenRecord | undefined }>({
    max: 10_000,
    ttl: rememberedFor,
  })

  constructor(storage: Pick<Storage, 'records' | 'objects'>) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.robotTokens)
  }

  /**
   * Makes a token.
   * @param lifetime seconds; undefined: it never expires
   * @returns the token itself, which nobody can find out again
   * @throws StorageFailed
   */
  async create(
    name: string,
    lifetime: number | undefined,
  ): Promise<{ readonly id: string; readonly token: string }> {
    const id = randomBytes(6).toString('hex')
    const secret = randomBytes(32).toString('base64url')
    const created = Date.now()
    const expires = lifetime === undefined ? undefined : created + lifetime * 1000
    await this.#records.put([id], {
      name,
      hash: hashOf(secret),
      created,
      ...(expires === undefined ? {} : { expires }),
    })
    return { id, token: `${robotTokenPrefix}${id}_${secret}` }
  }

  /** All tokens, the oldest first. @throws StorageFailed */
  async list(): Promise<readonly RobotToken[]> {
    const found: RobotToken[] = []
    for await (const [id] of namesOf(this.#storage.records, layout.robotTokens)) {
      const record = await this.#records.get(id)
      if (record) found.push({ id, ...record })
    }
    return found.toSorted((a, b) => a.created - b.created)
  }

  /** @returns whether there was such a token @throws StorageFailed */
  async revoke(id: string): Promise<boolean> {
    if (!/^[0-9a-f]{12}$/.test(id) || !(await this.#records.get(id))) return false
    await this.#storage.objects.delete(recordKey(layout.robotTokens, id))
    this.#known.delete(id)
    return true
  }

  /** The token that a password is, if it is valid. @throws StorageFailed */
  async verify(password: string): Promise<RobotToken | undefined> {
    const [, id, secret] = pattern.exec(password) ?? []
    if (id === undefined || secret === undefined) return undefined
    const record = await this.#find(id)
    if (!record || !timingSafeEqual(Buffer.from(record.hash), Buffer.from(hashOf(secret)))) return undefined
    return this.valid(id)
  }

  /** A token by its identifier, unless it was revoked or has expired. @throws StorageFailed */
  async valid(id: string): Promise<RobotToken | undefined> {
    const record = await this.#find(id)
    if (!record || (record.expires !== undefined && record.expires <= Date.now())) return undefined
    return { id, ...record }
  }

  async #find(id: string): Promise<RobotTokenRecord | undefined> {
    const known = this.#known.get(id)
    if (known) return known.record
    const record = await this.#records.get(id)
    this.#known.set(id, { record })
    return record
  }
}

/** The secret has 256 random bits, so a fast hash is enough. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
