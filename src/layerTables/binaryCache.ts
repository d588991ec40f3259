import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { InvalidData } from '../errors.ts'
import type { ClosureNode } from '../layers/plan.ts'
import { download } from './download.ts'
import { parseNarInfo } from './narInfo.ts'
import { hashPart } from '../store/storePath.ts'

const suffix = '.narinfo'

/** A binary cache in a folder, or at an `http:`, `https:` or `file:` address. */
export class BinaryCache {
  readonly location: string

  constructor(location: string) {
    const folder = /^file:/i.test(location) ? fileURLToPath(location) : location
    this.location = folder.replace(/\/+$/, '')
  }

  /** What the cache knows of the path with that hash; undefined where it has none. @throws InvalidData */
  async read(hash: string, signal: AbortSignal): Promise<ClosureNode | undefined> {
    const address = `${this.location}/${hash}${suffix}`
    const bytes = await download(address, signal)
    if (!bytes) return undefined
    const node = parseNarInfo(bytes.toString('utf8'), address)
    if (hashPart(node.path) !== hash) throw new InvalidData(`${address} is of another path: ${node.path}`)
    return node
  }

  /** Hashes of all its paths. @throws InvalidData where it is not a folder */
  async list(): Promise<readonly string[]> {
    if (/^https?:/i.test(this.location)) {
      throw new InvalidData(
        'what a binary cache on the web has must be told: a list of store paths is needed',
      )
    }
    const names = await readdir(this.location).catch((cause: unknown) => {
      throw new InvalidData(`the binary cache ${this.location} cannot be read`, { cause })
    })
    return names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length))
  }
}
