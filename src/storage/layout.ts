import { z } from 'zod'
import type { Descriptor } from '../oci/descriptor.ts'
import { hexOf, type Digest } from '../oci/digest.ts'
import { descriptorSchema, digestSchema } from '../oci/parse.ts'
import * as access from './accessRecords.ts'
import type {
  LayerRecord,
  RevisionRecord,
  TrustedTip,
  LayerTableOffer,
  LayerTablePin,
  ProvisionalPin,
  PullRecord,
  TableGrowthClaim,
} from './recordValues.ts'
import { outputSchema, type Output } from '../store/output.ts'
import { packageSchema, type Package } from '../store/package.ts'

/*
 * Everything that a storage keeps. Folder names stand here and nowhere else: `npm run check` holds the code
 * to that.
 *
 *   layers/<hex>                                blobs: layers, configs, manifests, indexes
 *   manifests/<image key>                       which manifest answers a request
 *   builds/<layer key>                          which blob is a layer of store paths
 *   recompressed/<generation>/<codec>/<digest>  the same layer for clients that cannot read zstd
 *   packages/<generation>/<revision>/<world>/<attribute>, outputs/…, revisions/…   results of evaluations
 *   tips/<revision>                             what branches, tags and channels have pointed at
 *   repositories/<name>/<tag>                   what a registry can list
 *   digests/<name>/<tag>/<manifest>            what a name and a tag have stood for
 *   access/tokens/<id>, keys/<id>               tokens of robots (hashed), and keys that sign tokens
 *   popularity/tables/<hex>, offers/…, pins/…   layer tables, and which one a revision uses
 *   popularity/provisional/…, growth/…          revisions without a table yet; who makes the table of a day
 *   pulls/<server>/<number>                     what servers rely on
 *   gc/…                                        what collectors are about to delete, and when they ran
 *   identity/storage, health/check              which storage this is, and whether it can be written
 *   tmp/, corrupt/                              of a storage in a folder alone
 */

/**
 * Raised when the same packages would become other bytes, or records another shape. Everything is then made
 * again.
 */
export const generation = 2

/** The folder of the blobs. All others hold records. */
export const blobFolder = 'layers'

/** What a blob is called among everything that is kept. */
export function blobKey(digest: Digest): string {
  return `${blobFolder}/${hexOf(digest)}`
}

/**
 * Folders of a storage on a disk for files that are being written, and for blobs that do not match their
 * name.
 */
export const temporaryFolder = 'tmp'
export const corruptFolder = 'corrupt'

/**
 * How copies near a server treat a record. `lasting`: it never changes once it is there, so a copy is as good
 * as the original. `changing`: the storage is asked first, and a copy answers while the storage is down.
 * `none`: not copied.
 */
export type Copying = 'lasting' | 'changing' | 'none'

/** Where the records of one kind lie. */
export interface RecordFolder<Name extends readonly string[] = readonly string[]> {
  readonly folder: string
  /** Stands between folder and name: records of another generation are not seen. */
  readonly generation?: number
  /** The name if there is only one such record. */
  readonly only?: string
  /** Never there: it tells the compiler what a name consists of. */
  readonly name?: Name
}

/** One kind of record. A new kind of record is one entry below. */
export interface RecordKind<
  Name extends readonly string[] = readonly string[],
  Value = unknown,
> extends RecordFolder<Name> {
  /** What a record holds. Anything else is a miss. */
  readonly schema: z.ZodType<Value>
  readonly copies: Copying
  /**
   * Removed when it is old (`NIXERY_GC_KEEP`), but kept for so many seconds at least. Absent: its age does
   * not matter.
   */
  readonly keptAtLeast?: number
  /** The record names a blob by its `digest`, and goes when the blob does. */
  readonly pointsAt?: 'image' | 'layer'
}

function kind<Name extends readonly string[], Value>(rule: RecordKind<Name, Value>): RecordKind<Name, Value> {
  return rule
}

const size = z.number().int().nonnegative()
const hex = z.string().regex(/^[0-9a-f]{64}$/)
const twoDays = 2 * 24 * 60 * 60

export const layout = {
  images: kind<[key: string], Descriptor>({
    folder: 'manifests',
    schema: descriptorSchema,
    copies: 'lasting',
    pointsAt: 'image',
  }),
  layers: kind<[key: string], LayerRecord>({
    folder: 'builds',
    schema: z.object({ digest: digestSchema, size, diffID: digestSchema }),
    copies: 'lasting',
    pointsAt: 'layer',
  }),
  recompressedLayers: kind<[codec: string, layer: Digest], Descriptor>({
    folder: 'recompressed',
    generation,
    schema: descriptorSchema,
    copies: 'lasting',
    pointsAt: 'layer',
  }),
  packages: kind<[revision: string, world: string, attribute: string], Package>({
    folder: 'packages',
    generation,
    schema: packageSchema,
    copies: 'lasting',
    keptAtLeast: 0,
  }),
  outputs: kind<[storePath: string], Output>({
    folder: 'outputs',
    generation,
    schema: outputSchema,
    copies: 'lasting',
    keptAtLeast: 0,
  }),
  revisions: kind<[id: string], RevisionRecord>({
    folder: 'revisions',
    generation,
    schema: z.object({ created: z.number() }),
    copies: 'lasting',
    keptAtLeast: 0,
  }),
  /**
   * Revisions that a branch, tag or channel pointed at when this storage first saw them. They stay trusted.
   */
  trustedTips: kind<[revision: string], TrustedTip>({
    folder: 'tips',
    schema: z.object({ seen: z.iso.date() }),
    copies: 'lasting',
  }),
  /** Written again on each day on which the name is asked for. */
  repositories: kind<[name: string, tag: string], { readonly tag: string; readonly seen: string }>({
    folder: 'repositories',
    schema: z.object({ tag: z.string(), seen: z.iso.date() }),
    copies: 'none',
    keptAtLeast: twoDays,
  }),
  /** A digest is served under a name only if something that the name stood for refers to it. */
  digests: kind<[name: string, tag: string, manifest: string], access.StoredFacts>({
    folder: 'digests',
    schema: access.storedFactsSchema,
    copies: 'none',
    pointsAt: 'image',
  }),
  robotTokens: kind<[id: string], access.RobotTokenRecord>({
    folder: 'access/tokens',
    schema: access.robotTokenSchema,
    copies: 'none',
  }),
  signingKeys: kind<[id: string], access.SigningKeyRecord>({
    folder: 'access/keys',
    schema: access.signingKeySchema,
    copies: 'none',
  }),
  /** `layers/layerTable.ts` knows what is in a table. */
  layerTables: kind<[identity: string], unknown>({
    folder: 'popularity/tables',
    schema: z.unknown(),
    copies: 'changing',
  }),
  layerTableOffers: kind<[timeAndTable: string], LayerTableOffer>({
    folder: 'popularity/offers',
    schema: z.object({ table: hex, revision: z.string().optional(), source: z.string().optional() }),
    copies: 'changing',
  }),
  layerTablePins: kind<[revision: string], LayerTablePin>({
    folder: 'popularity/pins',
    schema: z.object({ table: hex.nullable() }),
    copies: 'changing',
  }),
  /** Of use only while a revision has no pin. */
  provisionalPins: kind<[revision: string], ProvisionalPin>({
    folder: 'popularity/provisional',
    schema: z.object({ since: z.iso.datetime() }),
    copies: 'changing',
  }),
  tableGrowthClaims: kind<[source: string, dayAndAttempt: string], TableGrowthClaim>({
    folder: 'popularity/growth',
    schema: z.object({ server: z.string(), at: z.number(), done: z.boolean() }),
    copies: 'none',
  }),
  pulls: kind<[server: string, number: string], PullRecord>({
    folder: 'pulls',
    schema: z.object({
      holds: z.number().nonnegative(),
      manifests: z.array(z.tuple([digestSchema, z.number()])),
      blobs: z.array(digestSchema),
    }),
    copies: 'none',
  }),
  deletions: kind<[id: string], { readonly digests: readonly Digest[] }>({
    folder: 'gc/intents',
    schema: z.object({ digests: z.array(digestSchema) }),
    copies: 'none',
  }),
  lastCollection: kind<[], object>({ folder: 'gc', only: 'last', schema: z.object({}), copies: 'none' }),
  clock: kind<[], object>({ folder: 'gc', only: 'clock', schema: z.object({}), copies: 'none' }),
  identity: kind<[], { readonly id: string }>({
    folder: 'identity',
    only: 'storage',
    schema: z.object({ id: z.string() }),
    copies: 'none',
  }),
  /** In a folder of copies: the identity of the storage that they were made of. */
  copiesOf: kind<[], string>({
    folder: 'identity',
    only: 'storage',
    schema: z.string(),
    copies: 'none',
  }),
  health: kind<[], number>({ folder: 'health', only: 'check', schema: z.number(), copies: 'none' }),
} as const

/** All of them. */
export const kinds: readonly RecordKind[] = Object.values(layout)
/** Every folder of a storage. */
export const storageFolders: ReadonlySet<string> = new Set([blobFolder, ...kinds.map(({ folder }) => folder)])

/** Folders of records that name a blob. */
export function foldersPointingAt(what: 'image' | 'layer'): readonly string[] {
  return kinds.filter(({ pointsAt }) => pointsAt === what).map(({ folder }) => folder)
}

/** Folders of records that are removed for their age, and for how many seconds they are kept at least. */
export const ageingFolders: readonly { readonly folder: string; readonly keptAtLeast: number }[] =
  kinds.flatMap(({ folder, keptAtLeast }) => (keptAtLeast === undefined ? [] : [{ folder, keptAtLeast }]))
