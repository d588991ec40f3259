import { LRUCache } from 'lru-cache'

/** Largest entry, in bytes. */
const largest = 64 << 10

/** Small blobs and records by key, as many as fit. */
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

  /** Whether an entry of this size can be kept. */
  takes(size: number): boolean {
    return size <= largest
  }
}
