type Bytes = Uint8Array<ArrayBuffer>

/** Passes members on in the order in which they are told, though some are there later than those after them. */
export class MembersInOrder<Note> {
  readonly #pass: (member: Bytes, note: Note) => void
  readonly #pending: { member: Bytes | undefined; readonly note: Note }[] = []

  /** @param pass gets each member with what was noted when it was told */
  constructor(pass: (member: Bytes, note: Note) => void) {
    this.#pass = pass
  }

  add(member: Bytes, note: Note): void {
    this.#pending.push({ member, note })
    this.#passOn()
  }

  /** Rejects with what the member rejects with: then nothing after it is passed on. */
  async addLater(coming: Promise<Bytes>, note: Note): Promise<void> {
    const place: { member: Bytes | undefined; readonly note: Note } = { member: undefined, note }
    this.#pending.push(place)
    place.member = await coming
    this.#passOn()
  }

  #passOn(): void {
    for (let next = this.#pending[0]; next?.member !== undefined; next = this.#pending[0]) {
      this.#pending.shift()
      this.#pass(next.member, next.note)
    }
  }
}
