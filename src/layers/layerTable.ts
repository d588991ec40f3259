import { z } from 'zod'
import { InvalidData } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { budgetClasses, type Sharing } from './growForest.ts'
import type { Forest, Popularity } from './plan.ts'

/** What layer planning knows besides the image. A table is made once for a package set and never changes. */
export interface LayerTable {
  /** When it was made, in ISO 8601. */
  readonly made: string
  /** For people: what it was made of. */
  readonly origin: string
  /** The id of the revision that it was made of, if that is known. */
  readonly revision?: string
  readonly sharing: Sharing
  /** Popularity as in the original: name with version -> how many paths refer to it. */
  readonly popularity: Popularity
  /** Equal for equal contents, whenever and from whatever they were made. For cache keys. */
  readonly identity: Digest
}

const tableFormat = 1
const noForest: Forest = new Map()

const counts = z.record(z.string(), z.int().nonnegative())
const schema = z.object({
  format: z.literal(tableFormat),
  made: z.iso.datetime(),
  origin: z.string(),
  revision: z.string().exactOptional(),
  forests: z.array(z.object({ budgetFrom: z.int(), parents: z.record(z.string(), z.string()) })),
  needed: counts,
  popularity: counts,
})

/** The forest for images of at most `budget` layers. */
export function forestFor({ sharing }: LayerTable, budget: number): Forest {
  const budgetClass = budgetClasses.findLastIndex(({ budgetFrom }) => budgetFrom <= budget)
  return sharing.forests[budgetClass] ?? noForest
}

export function createLayerTable(table: Omit<LayerTable, 'identity'>): LayerTable {
  const { forests, needed } = table.sharing
  const contents = [tableFormat, forests.map(sorted), sorted(needed), sorted(table.popularity)]
  return { ...table, identity: digestOf(JSON.stringify(contents)) }
}

/** JSON of the table, the same for the same table. */
export function encodeLayerTable({ made, origin, revision, sharing, popularity }: LayerTable): unknown {
  return {
    format: tableFormat,
    made,
    origin,
    ...(revision === undefined ? {} : { revision }),
    forests: budgetClasses.map(({ budgetFrom }, budgetClass) => ({
      budgetFrom,
      parents: Object.fromEntries(sorted(sharing.forests[budgetClass] ?? noForest)),
    })),
    needed: Object.fromEntries(sorted(sharing.needed)),
    popularity: Object.fromEntries(sorted(popularity)),
  }
}

/** @param value parsed JSON @throws InvalidData that names `where` */
export function decodeLayerTable(value: unknown, where: string): LayerTable {
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).split('\n✖ ').slice(0, 3).join('; ')
    throw new InvalidData(`the layer table (${where}) cannot be used: ${why}`, { cause: parsed.error })
  }
  const { forests, needed, popularity, format: _format, ...about } = parsed.data
  if (
    forests.length !== budgetClasses.length ||
    forests.some((one, i) => one.budgetFrom !== budgetClasses[i]?.budgetFrom)
  ) {
    throw new InvalidData(`the layer table (${where}) is for other budgets than this version's`)
  }
  const decoded = forests.map(({ parents }) => new Map(Object.entries(parents)))
  const circle = decoded.map(circleIn).find((name) => name !== undefined)
  if (circle !== undefined) throw new InvalidData(`the layer table (${where}) has a circle at ${circle}`)
  return createLayerTable({
    ...about,
    sharing: { forests: decoded, needed: new Map(Object.entries(needed)) },
    popularity: new Map(Object.entries(popularity)),
  })
}

/** A name that leads back to itself, if there is one. */
function circleIn(forest: Forest): string | undefined {
  const sound = new Set<string>()
  for (const start of forest.keys()) {
    const passed = new Set<string>()
    for (
      let name: string | undefined = start;
      name !== undefined && !sound.has(name);
      name = forest.get(name)
    ) {
      if (passed.has(name)) return name
      passed.add(name)
    }
    for (const name of passed) sound.add(name)
  }
  return undefined
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
