import { statfs } from 'node:fs/promises'
import { NixFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { lastWords, runNix, type NixOptions } from './command.ts'

/**
 * Percent of the disk that a collection makes free below the mark, so that it is not needed again at once.
 */
const below = 10

/** How full the disk of the Nix store is. */
interface DiskUse {
  /** Bytes. */
  readonly total: number
  readonly used: number
}

/**
 * How many bytes have to go if more than `mark` percent of a disk is used; 0 if not.
 * @internal no test can fill a disk to a percentage
 */
export function excess({ total, used }: DiskUse, mark: number): number {
  if (used <= (total * mark) / 100) return 0
  return Math.ceil(used - (total * Math.max(mark - below, 0)) / 100)
}

/** Has Nix delete what nothing holds, when its disk is fuller than a mark. */
export class StoreCollector {
  readonly #options: Pick<NixOptions, 'env'>
  readonly #mark: number
  readonly #folder: string

  /** @param mark percent of the disk @param folder on the disk of the store */
  constructor(mark: number, options: Pick<NixOptions, 'env'> = {}, folder = '/nix/store') {
    this.#mark = mark
    this.#options = options
    this.#folder = folder
  }

  /** Bytes that should go now. @throws NixFailed */
  async due(): Promise<number> {
    const { blocks, bavail, bsize } = await statfs(this.#folder).catch((cause: unknown) => {
      throw new NixFailed(`the store ${this.#folder} cannot be looked at`, { cause })
    })
    return excess({ total: blocks * bsize, used: (blocks - bavail) * bsize }, this.#mark)
  }

  /**
   * Deletes what no root holds, oldest first as Nix sees it, until so many bytes are free or nothing is left.
   * Safe beside builds: what they need is held by roots. @throws NixFailed
   */
  async collect(bytes: number, run: RunOptions): Promise<void> {
    const outcome = await runNix('nix-store', ['--gc', '--max-freed', String(bytes)], this.#options, run)
    if (outcome.code !== 0) throw new NixFailed(`Nix could not collect its garbage: ${lastWords(outcome)}`)
  }
}
