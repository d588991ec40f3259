import { LRUCache } from 'lru-cache'

/** Bytes that one entry may have. */
const largest = 64 << 10

/** Small blobs and records, by key: as many as fit. */
export class MemoryTier {
  readonly #entries: LRUCache<string, Buffer>

  /** @param size bytes */
  constructor(size: number) {
    this.#entries = new LRUCache({
      maxSize: Math.max(size, 1),
      maxEntrySize: largest,
      sizeCalculation: (bytes, key) => bytes.length + key.length,
    })
  }

  get(key: string): Buffer | undefined {
    return this.#entries.get(key)
  }

  set(key: string, bytes: Buffer): void {
    this.#entries.set(key, bytes)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Whether something of this size has a chance to be kept. */
  takes(size: number): boolean {
    return size <= largest
  }
}
