type Bytes = Uint8Array<ArrayBuffer>

/** Passes members on in the order in which they were added, even if a later one is ready first. */
export class MembersInOrder<Context> {
  readonly #pass: (member: Bytes, context: Context) => void
  readonly #pending: { member: Bytes | undefined; readonly context: Context }[] = []

  /** @param pass receives each member with the context that was given when it was added */
  constructor(pass: (member: Bytes, context: Context) => void) {
    this.#pass = pass
  }

  add(member: Bytes, context: Context): void {
    this.#pending.push({ member, context })
    this.#passOn()
  }

  /** Adds a member that is not ready yet. Rejects if the member does: nothing after it is passed on then. */
  async addLater(coming: Promise<Bytes>, context: Context): Promise<void> {
    const place: { member: Bytes | undefined; readonly context: Context } = { member: undefined, context }
    this.#pending.push(place)
    place.member = await coming
    this.#passOn()
  }

  #passOn(): void {
    for (let next = this.#pending[0]; next?.member !== undefined; next = this.#pending[0]) {
      this.#pending.shift()
      this.#pass(next.member, next.context)
    }
  }
}
