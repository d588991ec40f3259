/** Translates keys of the layout to object names in the bucket, and back. */
export class Prefix {
  readonly #text: string

  /** @param prefix a folder such as `nixery`, or empty */
  constructor(prefix: string) {
    this.#text = prefix === '' ? '' : `${prefix}/`
  }

  nameOf(key: string): string {
    return `${this.#text}${key}`
  }

  keyOf(name: string): string {
    return name.slice(this.#text.length)
  }
}
