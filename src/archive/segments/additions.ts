/** The result of writing to the segment cache. */
export interface Added {
  /** Bytes that were added. */
  readonly written: number
  /** Why the cache could not be written, if so. */
  readonly fault: string | undefined
}

/** What a job adds to the segment cache. After the first write that fails, the job adds nothing more. */
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

  add({ written, fault }: Added): void {
    this.#sum = { written: this.#sum.written + written, fault: this.#sum.fault ?? fault }
  }
}
