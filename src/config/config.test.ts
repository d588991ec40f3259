import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readConfig } from './config.ts'
import { ConfigError } from './configError.ts'

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.faults
  }
  return []
}

describe('the configuration', () => {
  it('has a default for everything but the source', () => {
    const config = readConfig({ NIXERY_CHANNEL: 'nixos-unstable' })
    assert.deepEqual(config.listen, { host: '0.0.0.0', port: 8080 })
    assert.deepEqual(config.nix, {
      timeout: 60,
      evaluators: 1,
      limits: { memory: 4 * 1024 ** 3, seconds: 120 },
      evaluation: { mode: 'sandbox', searchPath: [], allowedPaths: [], allowedUris: ['https://'], world: {} },
      otherCommits: 'substitute',
      settings: undefined,
    })
    assert.deepEqual(config.builds, { concurrency: 2, queueLimit: 100, deadline: 900 })
    assert.deepEqual(config.collection, {
      interval: undefined,
      retention: { keep: undefined, size: undefined, grace: 3600 },
    })
    assert.deepEqual(config.downloads, { accelRedirect: undefined, linkLifetime: 900 })
    assert.deepEqual(config.layers.compression, { name: 'gzip', level: undefined })
    assert.equal(config.tiers, undefined)
    assert.equal(config.stopTimeout, 30)
    assert.deepEqual(config.source, {
      kind: 'channel',
      channel: 'nixos-unstable',
      baseUrl: 'https://github.com/NixOS/nixpkgs',
      tags: ['nixos-*', 'nixpkgs-*'],
    })
  })

  it('takes an empty variable for none', () => {
    assert.deepEqual(readConfig({ NIXERY_PKGS_PATH: '/set', NIXERY_CHANNEL: '', PORT: '' }).source, {
      kind: 'path',
      path: '/set',
    })
  })

  it('takes platforms in either spelling, each once', () => {
    const platforms = (text: string) =>
      readConfig({ NIXERY_PKGS_PATH: '/set', NIXERY_PLATFORMS: text }).platforms
    assert.deepEqual(platforms('linux/arm64,amd64, arm64,linux/amd64'), ['arm64', 'amd64'])
    assert.match(
      faultsOf({ NIXERY_PKGS_PATH: '/set', NIXERY_PLATFORMS: 'windows/arm64' }).join(),
      /linux\/amd64/,
    )
  })

  it('has copies near to the server only where a folder is given, and links unless they are switched off', () => {
    const read = (variables: Record<string, string>) => readConfig({ NIXERY_PKGS_PATH: '/set', ...variables })
    assert.equal(read({ NIXERY_CACHE_SIZE: '1G' }).tiers, undefined)
    assert.deepEqual(read({ NIXERY_CACHE_PATH: '/copies', NIXERY_CACHE_SIZE: '1G' }).tiers, {
      folder: '/copies',
      size: 2 ** 30,
      memory: 64 * 2 ** 20,
    })
    const { downloads } = read({ NIXERY_DOWNLOADS: 'proxy', NIXERY_LINK_TTL: '5' })
    assert.equal(downloads.linkLifetime, undefined)
  })

  it('needs a source, and names the choices', () => {
    assert.match(faultsOf({}).join(), /NIXERY_CHANNEL .*NIXERY_PKGS_REPO .*NIXERY_PKGS_PATH/)
  })

  it('takes one source, not two', () => {
    assert.match(faultsOf({ NIXERY_CHANNEL: 'a', NIXERY_PKGS_PATH: '/b' }).join(), /more than one/)
  })

  it('knows each storage by its bucket, and what is missing', () => {
    const storage = (variables: Record<string, string>) =>
      readConfig({ NIXERY_PKGS_PATH: '/set', ...variables }).storage
    assert.deepEqual(storage({ STORAGE_PATH: '/images' }), { kind: 'filesystem', path: '/images' })
    const gcs = { NIXERY_STORAGE_BACKEND: 'gcs', GCS_BUCKET: 'images', GCS_PREFIX: '/a/b/' }
    assert.deepEqual(storage(gcs), { kind: 'gcs', options: { bucket: 'images', prefix: 'a/b' } })
    const s3 = { NIXERY_STORAGE_BACKEND: 's3', S3_BUCKET: 'images' }
    const pathStyle = (variables: Record<string, string>) => {
      const config = storage({ ...s3, ...variables })
      return config.kind === 's3' && config.options.pathStyle
    }
    assert.equal(pathStyle({}), false)
    assert.equal(pathStyle({ S3_ENDPOINT: 'https://s3.example.com' }), true)
    assert.equal(pathStyle({ S3_ENDPOINT: 'https://s3.example.com', S3_PATH_STYLE: 'false' }), false)
    const lacking = faultsOf({ NIXERY_PKGS_PATH: '/set', NIXERY_STORAGE_BACKEND: 's3' })
    assert.match(lacking.join(), /^S3_BUCKET is not set/)
    assert.match(faultsOf({ NIXERY_PKGS_PATH: '/set', ...s3, S3_PREFIX: '../x' }).join(), /must be a folder/)
  })

  it('tells every fault at once, with what was given', () => {
    const faults = faultsOf({
      PORT: '99999',
      NIX_TIMEOUT: 'soon',
      NIXERY_STORAGE_BACKEND: 'tape',
      NIXERY_CHANNEL: '--x',
    })
    assert.equal(faults.length, 4)
    assert.match(faults.join('\n'), /PORT must be a whole number from 0 to 65535 \(it is '99999'\)/)
    assert.match(faults.join('\n'), /NIX_TIMEOUT .*'soon'/)
    assert.match(faults.join('\n'), /NIXERY_CHANNEL .*'--x'/)
  })

  it('tells faults of several variables beside those of single ones', () => {
    const faults = faultsOf({
      PORT: '99999',
      NIXERY_CHANNEL_URL: 'nowhere',
      NIXERY_STORAGE_BACKEND: 's3',
      NIXERY_ACCEL_REDIRECT: '/blobs/',
      NIXERY_SEGMENT_CACHE: 'large',
      NIXERY_LAYER_LEVEL: '13',
    })
    assert.deepEqual(
      faults.map((fault) => fault.split(' ', 3).join(' ')),
      [
        'PORT must be',
        'NIXERY_CHANNEL_URL must be',
        'no package set',
        'S3_BUCKET is not',
        'NIXERY_ACCEL_REDIRECT is for',
        'NIXERY_SEGMENT_CACHE must be',
        'NIXERY_LAYER_LEVEL must be',
      ],
    )
  })

  it('takes bytes with and without units', () => {
    const limit = (text: string) =>
      readConfig({ NIXERY_PKGS_PATH: '/set', NIXERY_SEGMENT_CACHE: text }).layers.segmentCache
    assert.deepEqual(['0', '1000', '500M', '10G', ''].map(limit), [
      0,
      1000,
      524_288_000,
      10 * 2 ** 30,
      10 * 2 ** 30,
    ])
    assert.match(
      faultsOf({ NIXERY_PKGS_PATH: '/set', NIXERY_SEGMENT_CACHE: '10 GB' }).join(),
      /NIXERY_SEGMENT_CACHE .*'10 GB'/,
    )
  })

  it('knows the levels of each codec', () => {
    const faults = (codec: string, level: string) =>
      faultsOf({ NIXERY_PKGS_PATH: '/set', NIXERY_LAYER_COMPRESSION: codec, NIXERY_LAYER_LEVEL: level })
    assert.deepEqual([faults('gzip', '12'), faults('zstd', '19')], [[], []])
    assert.match(faults('gzip', '13').join(), /NIXERY_LAYER_LEVEL must be from 1 to 12 .* gzip/)
    assert.match(faults('', '13').join(), /NIXERY_LAYER_LEVEL must be from 1 to 12/)
    assert.match(faults('zstd', '20').join(), /must be from 1 to 19/)
    assert.match(faults('none', '1').join(), /NIXERY_LAYER_LEVEL has no meaning/)
    assert.equal(faults('lzma', '10').length, 1)
  })

  it('keeps what changes the evaluation of Nixpkgs', () => {
    const { nixpkgsEnvironment } = readConfig({
      NIXERY_PKGS_PATH: '/set',
      NIXPKGS_ALLOW_UNFREE: '1',
      HOME: '/root',
    })
    assert.deepEqual(nixpkgsEnvironment, { NIXPKGS_ALLOW_UNFREE: '1' })
  })
})
