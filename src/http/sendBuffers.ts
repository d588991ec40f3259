/** Bytes. What a read costs beside its bytes is little then; twice as many gain nothing. */
const largeSize = 512 << 10
/** As many as two cores keep busy, and no more memory than 16 MiB. */
const mostLarge = 32
/** More of them, only for clients that have shown that they read: enough for two cores, should the others stand still. */
const reserved = 8

/**
 * The large buffers by which blobs are sent, again and again: memory that is new for each read costs more than the read.
 * Clients that take little at a time must not keep them from the others, nor be worth so much memory.
 */
export class SendBuffers {
  readonly #free: Buffer[] = []
  #lent = 0

  /** To be given back. Undefined when all are lent; @param reads whether the client has shown that it reads */
  lend(reads: boolean): Buffer | undefined {
    if (this.#lent >= (reads ? mostLarge + reserved : mostLarge)) return undefined
    this.#lent += 1
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(largeSize)
  }

  /** From here on another answer's bytes come into it. */
  giveBack(buffer: Buffer): void {
    this.#lent -= 1
    this.#free.push(buffer)
  }
}
