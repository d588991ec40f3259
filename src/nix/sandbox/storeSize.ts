import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The bytes of a Nix store that only grows: a path whose size stays the same is not measured a third time.
 */
export class StoreSize {
  readonly #folder: string
  readonly #growing = new Map<string, number>()
  readonly #settled = new Set<string>()
  #settledBytes = 0

  /** @param store what Nix' `--store` takes */
  constructor(store: string) {
    this.#folder = join(store, 'nix/store')
  }

  async measure(): Promise<number> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names) if (!this.#settled.has(name)) await this.#measure(name)
    return [...this.#growing.values()].reduce((sum, size) => sum + size, this.#settledBytes)
  }

  async #measure(name: string): Promise<void> {
    const size = await sizeOf(join(this.#folder, name))
    if (this.#growing.get(name) !== size) {
      this.#growing.set(name, size)
      return
    }
    this.#growing.delete(name)
    this.#settled.add(name)
    this.#settledBytes += size
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await lstat(path)
    if (!stats.isDirectory()) return stats.size
    const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))))
    return sizes.reduce((sum, size) => sum + size, 0)
  } catch {
    // It went meanwhile.
    return 0
  }
}
