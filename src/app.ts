import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createPacker } from './archive/workerPacker.ts'
import { Catalog } from './images/catalog.ts'
import { Forms } from './images/manifestVariants.ts'
import { GzipLayers } from './images/gzipLayers.ts'
import { ImageMaker } from './images/imageMaker.ts'
import { ImageRecords } from './images/imageRecords.ts'
import { Images } from './images/images.ts'
import { Inventory } from './images/inventory.ts'
import { Layerings } from './layerTables/layering.ts'
import { LayerTables } from './layerTables/layerTables.ts'
import { LayerMaker } from './images/layerMaker.ts'
import { OutputRecords } from './images/outputRecords.ts'
import { PackageRecords } from './images/packageRecords.ts'
import type { Config } from './config/config.ts'
import { Holds } from './gc/holds.ts'
import { readLayerTable, readPopularity } from './layerTables/readData.ts'
import { strategies } from './layers/strategies.ts'
import type { Logger } from './logger.ts'
import { createNix } from './nix/createNix.ts'
import { createChannelSource } from './sources/channel.ts'
import { createGitSource } from './sources/git.ts'
import { createPathSource } from './sources/path.ts'
import type { PackageSource } from './sources/source.ts'
import { createStorage } from './storage/createStorage.ts'
import type { RecordStore, Storage } from './storage/interfaces.ts'
import { layout } from './storage/layout.ts'
import { Records } from './storage/records.ts'
import { createTieredStorage, type TieredStorage } from './storage/tiered/tiered.ts'

/** Milliseconds for the download of popularity counts or of a layer table. */
const dataTimeout = 60_000
/** Layers beside those that threads work on: their files are open already, or still on their way to the disk. */
const spareLayers = 3

export type Wiring = Awaited<ReturnType<typeof wire>>

/** Makes every part out of the configuration and joins them. @throws StorageFailed, NixFailed, InvalidData */
export async function wire(config: Config, logger: Logger) {
  const stateDir = resolve(config.NIXERY_STATE_DIR)
  await mkdir(stateDir, { recursive: true })
  const bucket = await openStorage(config)
  const tiers = await openTiers(config, bucket, logger, () => holds.forgetAll())
  const { serving: storage, building } = tiers
  const holds = new Holds({
    storage: tiers.truth,
    local: tiers.local,
    grace: config.NIXERY_GC_GRACE,
    logger,
  })
  const nix = await createNix({
    timeout: config.NIX_TIMEOUT,
    stateDir,
    evaluators: config.NIXERY_EVALUATORS,
  })
  const source = createSource(config, join(stateDir, 'sources'), storage.records)
  const tables = new LayerTables(storage.records)
  if (config.NIXERY_LAYER_TABLE !== undefined) {
    await tables.offer(await readLayerTable(config.NIXERY_LAYER_TABLE, AbortSignal.timeout(dataTimeout)))
  }
  const layerings = new Layerings({
    name: config.NIXERY_LAYERING,
    strategy: strategies[config.NIXERY_LAYERING],
    budget: config.NIXERY_MAX_LAYERS,
    tables,
    ...(config.NIX_POPULARITY_URL === undefined
      ? {}
      : { popularity: await readPopularity(config.NIX_POPULARITY_URL, AbortSignal.timeout(dataTimeout)) }),
  })
  const packer = createPacker({
    threads: config.NIXERY_WORKERS,
    codec: { name: config.NIXERY_LAYER_COMPRESSION, level: config.NIXERY_LAYER_LEVEL },
    segmentCache: { folder: join(stateDir, 'segments'), limit: config.NIXERY_SEGMENT_CACHE },
    onCacheFault: (why) => logger.warn(`layers are packed without the segment cache for a while: ${why}`),
  })
  const layers = new LayerMaker(packer, building, config.NIXERY_WORKERS + spareLayers)
  const inventory = new Inventory({
    source,
    nix,
    packages: new PackageRecords(storage.records),
    outputs: new OutputRecords(storage.records),
    revisions: new Records(storage.records, layout.revisions),
    environment: config.nixpkgsEnvironment,
  })
  const maker = new ImageMaker({ inventory, layers, blobs: building.blobs })
  const catalog = new Catalog(storage.records)
  const images = new Images({
    source,
    maker,
    records: new ImageRecords(storage, holds),
    catalog,
    layerings,
    logger,
    architectures: config.NIXERY_PLATFORMS,
    identity: {
      environment: config.nixpkgsEnvironment,
      codec: packer.codec,
    },
    concurrency: config.NIXERY_BUILDS,
    queueLimit: config.NIXERY_QUEUE,
    deadline: config.NIXERY_BUILD_DEADLINE,
  })
  const forms = new Forms(building.blobs, new GzipLayers(building), holds)
  return { storage, bucket, holds, nix, source, packer, maker, layerings, images, forms, catalog }
}

/** What is between the server and its storage. */
interface Tiers extends Pick<TieredStorage, 'serving' | 'building' | 'truth'> {
  readonly local?: TieredStorage['local']
}

/** @param onForeign told when copies turned out to be of another storage @throws StorageFailed */
async function openTiers(
  config: Config,
  bucket: Storage,
  logger: Logger,
  onForeign: () => void,
): Promise<Tiers> {
  const { NIXERY_CACHE_PATH: path, NIXERY_CACHE_SIZE: size, NIXERY_CACHE_MEMORY: memory } = config
  if (path === undefined) return { serving: bucket, building: bucket, truth: bucket }
  return createTieredStorage(bucket, { folder: resolve(path), size, memory, logger, onForeign })
}

/** The storage that the configuration names. @throws StorageFailed */
export function openStorage(config: Config): Promise<Storage> {
  return createStorage(config.storage, {
    spool: join(resolve(config.NIXERY_STATE_DIR), 'uploads'),
    linkLifetime: config.NIXERY_DOWNLOADS === 'redirect' ? config.NIXERY_LINK_TTL : undefined,
  })
}

function createSource(
  { source, NIXERY_PIN_TTL: pinTtl }: Config,
  cacheDir: string,
  records: RecordStore,
): PackageSource {
  const tips = new Records(records, layout.trustedTips)
  switch (source.kind) {
    case 'channel':
      return createChannelSource({ ...source, cacheDir, pinTtl, tips })
    case 'git':
      return createGitSource(source.repository, { cacheDir, pinTtl, tips })
    case 'path':
      return createPathSource(resolve(source.path))
  }
}
