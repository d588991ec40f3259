/**
 * Prints the manifest digests of twenty images of the demo set, for each compression: `node
 * tools/imageDigests.ts [CHECKOUT]`. Two checkouts that print the same make the same bytes. Needs the demo
 * set (`npm start` or `npm test` makes it); the images are built by a server of the checkout, whose storage
 * is gone afterwards.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const images = [
  'hello',
  'shell',
  'shell/git/htop',
  'git',
  'htop',
  'jq',
  'curl',
  'coreutils',
  'bash',
  'nano',
  'python3',
  'python3/python3packages.requests',
  'shell/python3',
  'perl',
  'nodejs',
  'gnugrep/gnused/gawk',
  'gnutar/gzip/xz',
  'shell/curl/jq',
  'haskellpackages.shellcheck',
  'amd64/shell/htop',
]
const compressions = ['gzip', 'zstd', 'none']

const checkout = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const set = resolve(process.env['NIXERY_PKGS_PATH'] ?? join(import.meta.dirname, '../var/demo/set'))

async function digestOf(address: string, image: string): Promise<string> {
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const response = await fetch(`${address}/v2/${image}/manifests/latest`, { headers: { accept } })
  const text = await response.text()
  return response.headers.get('docker-content-digest') ?? `${response.status} ${text.slice(0, 200)}`
}

async function print(compression: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-digests-'))
  const server = spawn(process.execPath, [join(checkout, 'bin/nixery.js'), 'serve'], {
    env: {
      ...process.env,
      NIXERY_HOST: '127.0.0.1',
      PORT: '0',
      NIXERY_PKGS_PATH: set,
      STORAGE_PATH: join(folder, 'storage'),
      NIXERY_STATE_DIR: join(folder, 'state'),
      NIXERY_LAYER_COMPRESSION: compression,
      NIXERY_LAYER_TABLES: 'manual',
      NIX_CONFIG: 'sandbox = false\nsubstitute = false\nbuild-users-group =',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    let address: string | undefined
    for await (const line of createInterface({ input: server.stdout })) {
      address = /listening on (http:\/\/[\d.]+:\d+)/.exec(line)?.[1]
      if (address !== undefined) break
    }
    if (address === undefined) throw new Error('the server did not start')
    server.stdout.resume()
    for (const image of images) console.log(compression, image, await digestOf(address, image))
  } finally {
    const ended = new Promise((done) => server.once('close', done))
    server.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
}

for (const compression of compressions) await print(compression)
