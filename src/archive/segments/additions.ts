/** What a job adds to the segment cache: nothing more when it could not be written once. */
export class Additions {
  /** Bytes that are new in the cache. */
  written = 0
  /** Why it could not be written. */
  fault: string | undefined
  readonly #allowed: boolean

  constructor(allowed: boolean) {
    this.#allowed = allowed
  }

  get areWelcome(): boolean {
    return this.#allowed && this.fault === undefined
  }

  note({ written, fault }: { readonly written: number; readonly fault: string | undefined }): void {
    this.written += written
    this.fault ??= fault
  }
}
