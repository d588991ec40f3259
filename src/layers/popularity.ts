import { z } from 'zod'
import { InvalidData } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { nameOf, type StorePath } from '../store/storePath.ts'
import type { Popularity } from './plan.ts'

export interface PopularityData {
  readonly counts: Popularity
  /** Equal for equal counts, however the file is written. For cache keys. */
  readonly identity: Digest
}

const schema = z.record(z.string(), z.int().nonnegative())

/** Reads `{"glibc-2.39-52": 61234, …}`. @throws InvalidData, naming `origin` */
export function parsePopularity(text: string, origin: string): PopularityData {
  try {
    return popularityData(new Map(Object.entries(schema.parse(JSON.parse(text)))))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error)
    throw new InvalidData(`popularity data (${origin}) is not a JSON object of counts: ${why}`, {
      cause: error,
    })
  }
}

function popularityData(counts: Popularity): PopularityData {
  const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { counts, identity: digestOf(JSON.stringify(sorted)) }
}

/** Both are in every image, and more popular than anything that the data can hold. */
const inEveryImage = { names: ['nss-cacert', 'iana-etc'], popularity: 500_000 }
const unknownPopularity = 1

/** Whether every image has it. */
export function isInEveryImage(path: StorePath): boolean {
  const name = nameOf(path)
  return inEveryImage.names.some((prefix) => name.startsWith(prefix))
}

/** How many packages refer to the package of this path, by its name without the hash. */
export function popularityOf(path: StorePath, counts: Popularity): number {
  return isInEveryImage(path) ? inEveryImage.popularity : (counts.get(nameOf(path)) ?? unknownPopularity)
}
