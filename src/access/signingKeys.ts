import { createHash, randomBytes } from 'node:crypto'
import type { Storage } from '../storage/interfaces.ts'
import { layout } from '../storage/layout.ts'
import type { SigningKeyRecord } from '../storage/accessRecords.ts'
import { namesOf, recordKey, Records } from '../storage/records.ts'

const day = 86_400_000
/** Milliseconds for which a key signs. Then a new one is made. */
const signsFor = day
/** Milliseconds for which a key verifies: as long as the longest token that it signed. */
const verifiesFor = 32 * day
/** Milliseconds between two looks for keys that other servers have made. */
const pause = 1_000

/** A secret that tokens are signed with. */
interface SigningKey {
  readonly id: string
  readonly secret: Uint8Array
}

/** Where the keys for tokens come from. All servers of a registry have the same. */
export interface SigningKeys {
  /** @throws StorageFailed */
  current(): Promise<SigningKey>
  /** @throws StorageFailed */
  find(id: string): Promise<SigningKey | undefined>
}

/** Keys out of a file: the first one signs, all verify. */
export class ConfiguredKeys implements SigningKeys {
  readonly #keys: readonly [SigningKey, ...SigningKey[]]

  constructor([first, ...others]: readonly [string, ...string[]]) {
    this.#keys = [keyOf(first), ...others.map(keyOf)]
  }

  async current(): Promise<SigningKey> {
    return this.#keys[0]
  }

  async find(id: string): Promise<SigningKey | undefined> {
    return this.#keys.find((key) => key.id === id)
  }
}

function keyOf(text: string): SigningKey {
  const secret = createHash('sha256').update(text).digest()
  return { id: createHash('sha256').update(secret).digest('hex').slice(0, 16), secret }
}

/** Keys that the servers make themselves and keep in the storage. Each signs for a day. */
export class StoredKeys implements SigningKeys {
  readonly #storage: Pick<Storage, 'records' | 'objects'>
  readonly #records: Records<[id: string], SigningKeyRecord>
  readonly #now: () => number
  #keys: readonly (SigningKey & { readonly created: number })[] = []
  #looked = -Infinity

  constructor(storage: Pick<Storage, 'records' | 'objects'>, now: () => number = Date.now) {
    this.#storage = storage
    this.#records = new Records(storage.records, layout.signingKeys)
    this.#now = now
  }

  async current(): Promise<SigningKey> {
    const isFresh = ({ created }: { readonly created: number }) => created > this.#now() - signsFor
    const known = this.#keys.find(isFresh)
    if (known) return known
    await this.#look()
    return this.#keys.find(isFresh) ?? this.#make()
  }

  async find(id: string): Promise<SigningKey | undefined> {
    const known = this.#valid(id)
    if (known || this.#now() < this.#looked + pause) return known
    await this.#look()
    return this.#valid(id)
  }

  #valid(id: string): SigningKey | undefined {
    return this.#keys.find((key) => key.id === id && key.created > this.#now() - verifiesFor)
  }

  /** Two servers may make a key at the same time. Then both are good. */
  async #make(): Promise<SigningKey> {
    const created = this.#now()
    const id = `${created}-${randomBytes(4).toString('hex')}`
    const secret = randomBytes(32)
    await this.#records.put([id], { secret: secret.toString('base64url'), created })
    const key = { id, secret, created }
    this.#keys = [key, ...this.#keys]
    return key
  }

  /** Reads all keys, the newest first, and removes those that are too old. */
  async #look(): Promise<void> {
    this.#looked = this.#now()
    const found: (SigningKey & { readonly created: number })[] = []
    for await (const [id] of namesOf(this.#storage.records, layout.signingKeys)) {
      const record = await this.#records.get(id)
      if (!record) continue
      const { created } = record
      if (created > this.#now() - verifiesFor)
        found.push({ id, created, secret: Buffer.from(record.secret, 'base64url') })
      else await this.#storage.objects.delete(recordKey(layout.signingKeys, id))
    }
    this.#keys = found.toSorted((a, b) => b.created - a.created)
  }
}
