type Bytes = Uint8Array<ArrayBuffer>

/** Passes members on in the order in which they are told, though some are there later than those after them. */
export class MembersInOrder {
  readonly #pass: (member: Bytes) => void
  readonly #pending: { member: Bytes | undefined }[] = []

  constructor(pass: (member: Bytes) => void) {
    this.#pass = pass
  }

  add(member: Bytes): void {
    this.#pending.push({ member })
    this.#passOn()
  }

  /** Rejects with what the member rejects with: then nothing after it is passed on. */
  async addLater(coming: Promise<Bytes>): Promise<void> {
    const place: { member: Bytes | undefined } = { member: undefined }
    this.#pending.push(place)
    place.member = await coming
    this.#passOn()
  }

  #passOn(): void {
    for (let next = this.#pending[0]; next?.member !== undefined; next = this.#pending[0]) {
      this.#pending.shift()
      this.#pass(next.member)
    }
  }
}
