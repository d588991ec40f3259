/** Bytes. The fixed cost of a read hardly counts then. Buffers of twice the size are not faster. */
const largeSize = 512 << 10
/** So many keep two cores busy, and they take only 16 MiB of memory. */
const mostLarge = 32
/**
 * Additional ones for clients that have shown that they read. They keep two cores busy even if all others are
 * stuck.
 */
const reserved = 8

/**
 * The large buffers that blobs are sent with. They are used again and again, because new memory for each read
 * costs more than the read. Slow clients do not get one: they would keep it from the others, and use too much
 * memory.
 */
export class SendBuffers {
  readonly #free: Buffer[] = []
  #lent = 0

  /**
   * Lends a buffer, which the caller gives back. Undefined if all are lent.
   * @param reads whether the client has shown that it reads
   */
  lend(reads: boolean): Buffer | undefined {
    if (this.#lent >= (reads ? mostLarge + reserved : mostLarge)) return undefined
    this.#lent += 1
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(largeSize)
  }

  /** Takes a buffer back. From now on another answer may overwrite it. */
  giveBack(buffer: Buffer): void {
    this.#lent -= 1
    this.#free.push(buffer)
  }
}
