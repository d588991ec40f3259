import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { narSizeOf } from '../../src/archive/tar/narSize.ts'
import { walk } from '../../src/archive/tar/walk.ts'
import { toStorePath } from '../../src/store/storePath.ts'
import type { PathInfo } from '../../src/store/pathInfo.ts'
import { randomNumbers } from './random.ts'
import type { RealBytes } from './realBytes.ts'

const MB = 1e6

/** Store paths in a folder, in the sizes that make packing hard. */
export class SyntheticStore {
  readonly folder: string
  readonly #bytes: RealBytes
  readonly #random = randomNumbers(1)

  constructor(folder: string, bytes: RealBytes) {
    this.folder = folder
    this.#bytes = bytes
    mkdirSync(folder)
  }

  /** One store path of small files, in folders of a hundred. */
  manyFiles(count: number): PathInfo {
    const { path, place } = this.#place('many-files')
    for (let at = 0; at < count; at++) {
      const folder = join(place, `folder-${Math.floor(at / 100)}`)
      if (at % 100 === 0) mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `file-${at}`), this.#bytes.take(this.#size(1_000)))
    }
    return this.#registered(path, [])
  }

  /** One store path of a single file. */
  oneFile(size: number): PathInfo {
    const { path, place } = this.#place('large')
    this.#write(place, size)
    return this.#registered(path, [])
  }

  /** Store paths that need each other, as packages do: most are small, some are large. */
  graph(count: number, total: number): readonly PathInfo[] {
    const weights = Array.from({ length: count }, () => this.#size(1))
    const sum = weights.reduce((a, b) => a + b, 0)
    const infos: PathInfo[] = []
    for (const [at, weight] of weights.entries()) {
      const { path, place } = this.#place(`node-${at}`)
      mkdirSync(join(place, 'lib'), { recursive: true })
      const size = Math.round((weight / sum) * total)
      for (let from = 0, file = 0; from < size; from += MB, file++) {
        this.#write(join(place, 'lib', `part-${file}`), Math.min(MB, size - from))
      }
      const needs = Array.from({ length: 3 }, () => infos[Math.floor(this.#random() * at)]?.path)
      infos.push(this.#registered(path, [...new Set(needs.filter((need) => need !== undefined))]))
    }
    return infos
  }

  /** From a median, as sizes of packages are: few make most of the bytes. */
  #size(median: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return Math.ceil(median * Math.exp(1.2 * normal))
  }

  #write(place: string, size: number): void {
    const file = openSync(place, 'w')
    for (let written = 0; written < size; written += MB) {
      writeSync(file, this.#bytes.take(Math.min(MB, size - written)))
    }
    closeSync(file)
  }

  #place(name: string) {
    const hash = createHash('sha256').update(name).digest('hex').slice(0, 32).replaceAll('e', 'z')
    return { path: toStorePath(`/nix/store/${hash}-${name}`), place: join(this.folder, `${hash}-${name}`) }
  }

  #registered(path: PathInfo['path'], references: PathInfo['references']): PathInfo {
    const place = join(this.folder, path.slice('/nix/store/'.length))
    const entries = walk(Buffer.from(place), Buffer.from(path.slice(1)))
    const narSize = entries.reduce((sum, { entry }) => sum + narSizeOf(entry, sum === 0), 0)
    return { path, narHash: `sha256:${'0'.repeat(64)}`, narSize, references }
  }
}
