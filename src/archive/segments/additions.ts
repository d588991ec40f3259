/** What became of writing to the segment cache. */
export interface Added {
  /** Bytes that are new in it. */
  readonly written: number
  /** Why it could not be written. */
  readonly fault: string | undefined
}

/** What a job adds to the segment cache: nothing more when it could not be written once. */
export class Additions {
  #sum: Added = { written: 0, fault: undefined }
  readonly #allowed: boolean

  constructor(allowed: boolean) {
    this.#allowed = allowed
  }

  get areWelcome(): boolean {
    return this.#allowed && this.#sum.fault === undefined
  }

  get sum(): Added {
    return this.#sum
  }

  note({ written, fault }: Added): void {
    this.#sum = { written: this.#sum.written + written, fault: this.#sum.fault ?? fault }
  }
}
