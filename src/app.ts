import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPacker } from './archive/workerPacker.ts'
import type { Config } from './config/config.ts'
import { CollectionLeases } from './gc/collectionLeases.ts'
import { Catalog } from './images/catalog.ts'
import { GzipLayers } from './images/gzipLayers.ts'
import { ImageBuilds } from './images/imageBuilds.ts'
import { ImageFinder } from './images/imageFinder.ts'
import { ImageKeys } from './images/imageKeys.ts'
import { ImageMaker } from './images/imageMaker.ts'
import { ImageRecords } from './images/imageRecords.ts'
import { Images } from './images/images.ts'
import { Inventory, type ImageOrder } from './images/inventory.ts'
import { LayerMaker } from './images/layerMaker.ts'
import { ManifestVariants } from './images/manifestVariants.ts'
import { NameIndex } from './images/nameIndex.ts'
import { OutputRecords } from './images/outputRecords.ts'
import { PackageFacts } from './images/packageFacts.ts'
import { PackageRecords } from './images/packageRecords.ts'
import { measureTableEffect } from './images/tableEffect.ts'
import { TagResolver } from './images/tagResolver.ts'
import { findInSet } from './layerTables/findInSet.ts'
import { Layerings, type Layering } from './layerTables/layering.ts'
import { LayerTables } from './layerTables/layerTables.ts'
import { readLayerTable, readPopularity } from './layerTables/readData.ts'
import { SetLooks } from './layerTables/setLooks.ts'
import { sourceId } from './layerTables/sourceId.ts'
import { strategies } from './layers/strategies.ts'
import type { Logger } from './logger.ts'
import { builderFacts } from './nix/builderFacts.ts'
import { builderSettings } from './nix/builderSettings.ts'
import { createNix } from './nix/createNix.ts'
import { readConfigFile } from './nix/nixpkgsConfig.ts'
import { LocalQueue } from './queue/localQueue.ts'
import { createSource } from './sources/createSource.ts'
import { createInputFetcher } from './sources/evaluationInputs.ts'
import { createStorage } from './storage/createStorage.ts'
import type { Storage } from './storage/interfaces.ts'
import { layout } from './storage/layout.ts'
import { Records } from './storage/records.ts'
import type { Revision } from './store/revision.ts'
import { systems } from './store/system.ts'
import { createTieredStorage, type TieredStorage } from './storage/tiered/tiered.ts'
import { assemble, type Closes } from './work/lifetime.ts'

/**
 * Layers beside those that threads work on: their files are open already, or still on their way to the disk.
 */
const spareLayers = 3

/** The storage that the configuration names, alone. The caller closes it. @throws StorageFailed */
export function openStorage(config: Config): Promise<Storage & Closes> {
  return createStorage(config.storage, {
    spool: join(config.stateDir, 'uploads'),
    linkLifetime: config.downloads.linkLifetime,
  })
}

/**
 * Makes every part that images are made with, as the configuration says. The caller closes the app, which
 * ends the builds that still run. If a part cannot be made, nothing stays open.
 * @throws StorageFailed, NixFailed, InvalidData
 */
export function createApp(config: Config, logger: Logger) {
  return assemble(async (stack) => {
    await mkdir(config.stateDir, { recursive: true, mode: 0o700 })
    // Folders of older versions were open to other users. Another user's folder keeps its mode.
    await chmod(config.stateDir, 0o700).catch(() => undefined)
    const bucket = stack.use(await openStorage(config))
    const tiers = await openTiers(config, bucket, logger, () => leases.forgetAll())
    stack.defer(() => tiers.close?.())
    const { serving: storage, building } = tiers
    const leases = stack.adopt(
      new CollectionLeases({
        storage: tiers.truth,
        local: tiers.local,
        grace: config.collection.retention.grace,
        logger,
      }),
      (one) => one.stop(),
    )
    const set = config.source.kind === 'path' ? config.source.path : undefined
    const { env, warning: buildsWarning } = builderSettings(await builderFacts(set), config.nix.settings)
    if (buildsWarning !== undefined) logger.warn(buildsWarning)
    const nixOptions = { timeout: config.nix.timeout, stateDir: config.stateDir, env }
    const nixpkgs = await readConfigFile(config.nixpkgsEnvironment)
    const { evaluators, limits, evaluation, otherCommits } = config.nix
    const nix = stack.adopt(
      await createNix({
        ...nixOptions,
        evaluators,
        limits,
        environment: nixpkgs,
        alsoReadable: [...evaluation.searchPath, ...evaluation.allowedPaths],
        fetching: { fetch: createInputFetcher(config.netrc), allowedUris: evaluation.allowedUris },
        evaluatesInStore: evaluation.mode === 'store',
      }),
      (one) => one.close(),
    )
    const environment = { ...nixpkgs, ...evaluation.world }
    const source = stack.adopt(
      createSource(config.source, {
        cacheDir: join(config.stateDir, 'sources'),
        pinTtl: config.pinTtl,
        tips: new Records(storage.records, layout.trustedTips),
        netrc: config.netrc,
      }),
      (one) => one.close(),
    )
    const tables = new LayerTables(storage.records, sourceId(config.source))
    const looks: SetLooks | undefined = config.layers.automaticTables
      ? stack.adopt(
          new SetLooks({
            tables,
            logger,
            onTable: (revision) => void layerings.reconsider(revision).catch(() => undefined),
            find: (revision, search) =>
              findInSet({ source, revision, system: systems[config.platforms[0]], nix, nixOptions }, search),
          }),
          (one) => one.stop(),
        )
      : undefined
    const layerings: Layerings = await createLayerings(config, tables, looks)
    const packer = stack.adopt(
      createPacker({
        threads: config.layers.workers,
        codec: config.layers.compression,
        segmentCache: { folder: join(config.stateDir, 'segments'), limit: config.layers.segmentCache },
        onCacheFault: (why) => logger.warn(`layers are packed without the segment cache for a while: ${why}`),
      }),
      (one) => one.close(),
    )
    const layers = new LayerMaker(packer, building, config.layers.workers + spareLayers)
    const inventory = new Inventory({
      source,
      nix,
      packages: new PackageRecords(storage.records),
      outputs: new OutputRecords(storage.records),
      revisions: new Records(storage.records, layout.revisions),
      environment,
      otherCommits,
    })
    const maker = new ImageMaker({ inventory, layers, blobs: building.blobs })
    const catalog = new Catalog(storage.records)
    const records = new ImageRecords(storage, leases)
    const identity = { environment, codec: packer.codec }
    const keys = new ImageKeys({ identity, layerings })
    const builds = new ImageBuilds({ keys, maker, records, logger })
    const queue = stack.adopt(
      new LocalQueue({ work: (order: ImageOrder, run) => builds.build(order, run), ...config.builds }),
      (one) => one.stop(0),
    )
    const tags = new TagResolver({
      source,
      servesOthers: otherCommits !== 'none',
      finder: new ImageFinder({ keys, records, queue, facts: new PackageFacts(inventory) }),
      catalog,
      logger,
      architectures: config.platforms,
      stopped: queue.stopped,
    })
    const variants = new ManifestVariants(building.blobs, new GzipLayers(building))
    const nameIndex = new NameIndex(storage.records, storage.blobs)
    const images = new Images({ tags, variants, records, leases, catalog, nameIndex, storage })
    /** What a table does for the images that the storage lists. */
    const measureTable = (
      revision: Revision,
      layering: Layering,
      mostImages: number,
      signal: AbortSignal,
    ) => {
      const [architecture] = config.platforms
      return measureTableEffect(
        { catalog, inventory },
        { revision, layering, architecture, mostImages, signal },
      )
    }
    return {
      storage,
      bucket,
      leases,
      nix,
      buildsWarning,
      nixOptions,
      source,
      maker,
      tables,
      layerings,
      measureTable,
      images,
      queue,
    }
  })
}

/** @throws StorageFailed, InvalidData */
async function createLayerings(
  { layers }: Config,
  tables: LayerTables,
  looks: SetLooks | undefined,
): Promise<Layerings> {
  if (layers.table !== undefined) await tables.offerToAll(await readLayerTable(layers.table))
  return new Layerings({
    name: layers.strategy,
    strategy: strategies[layers.strategy],
    budget: layers.budget,
    tables,
    ...(looks && { prepare: (revision: Revision) => looks.prepare(revision) }),
    popularity: layers.popularity === undefined ? undefined : await readPopularity(layers.popularity),
  })
}

/** What is between the server and its storage. */
interface Tiers extends Pick<TieredStorage, 'serving' | 'building' | 'truth'> {
  readonly local?: TieredStorage['local']
  readonly close?: TieredStorage['close']
}

/** @param onForeign called when copies turned out to be of another storage @throws StorageFailed */
async function openTiers(
  { tiers }: Config,
  bucket: Storage,
  logger: Logger,
  onForeign: () => void,
): Promise<Tiers> {
  if (tiers === undefined) return { serving: bucket, building: bucket, truth: bucket }
  return createTieredStorage(bucket, { ...tiers, logger, onForeign })
}
