import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Podman, run } from './support/clients.ts'
import { startServer, type TestServer } from './support/server.ts'

let server: TestServer
let folder: string
const podman = new Podman()
before(async () => {
  server = await startServer()
  folder = await mkdtemp(join(tmpdir(), 'nixery-clients-'))
})
after(async () => {
  await server.stop()
  await podman.remove()
  await rm(folder, { recursive: true, force: true })
})

/** Image, what runs in it, and what it must print. Only the image's files are there. */
const programs: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['hello', [], /^Hello, world!/],
  ['shell/git/htop', ['git', '--version'], /^git version 2\./],
  ['shell/git/htop', ['htop', '--version'], /^htop 3\./],
  [
    'shell/git/htop',
    ['bash', '-c', 'echo $((6*7)); id -un; test -w /tmp && echo writable'],
    /^42\nroot\nwritable/,
  ],
  [
    'shell/git/htop',
    ['/bin/sh', '-c', '/usr/bin/env printenv SSL_CERT_FILE; ls -d /root'],
    /ca-bundle\.crt\n\/root/,
  ],
  ['shell/git/htop', ['bash', '-c', 'git init -q /tmp/x && git -C /tmp/x status -s && echo done'], /done/],
  [
    'python3/python3packages.requests',
    [
      'python3',
      '-c',
      'import requests, ssl; print(requests.__version__, ssl.create_default_context().cert_store_stats()["x509_ca"] > 50)',
    ],
    /^2\..* True/,
  ],
  ['perl/perlpackages.dbi', ['perl', '-MDBI', '-e', 'print "DBI $DBI::VERSION"'], /^DBI 1\./],
  ['curl/jq', ['jq', '-n', '1+1'], /^2/],
]

describe('podman', () => {
  for (const [image, command, expected] of programs) {
    it(`pulls ${image} and runs ${command.join(' ').slice(0, 40) || 'its program'}`, async () => {
      const reference = `${server.host}/${image}`
      const pulled = await podman.pull(reference)
      assert.equal(pulled.code, 0, pulled.stderr)
      const ran = await podman.run('run', '--rm', '--network=host', reference, ...command)
      assert.equal(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, expected)
    })
  }

  it('shows its user why there is no image', async () => {
    const { code, stderr } = await podman.pull(`${server.host}/shell/gti`)
    assert.notEqual(code, 0)
    assert.match(stderr, /package 'gti' is not in the package set, did you mean .*git/)
  })
})

describe('buildah', () => {
  it('pulls an image and runs its programs in a working container', async () => {
    const reference = `${server.host}/shell/git`
    const made = await podman.buildah('from', '--quiet', '--tls-verify=false', reference)
    assert.equal(made.code, 0, made.stderr)
    const container = made.stdout.trim()
    const ran = await podman.buildah('run', '--network=host', container, '--', 'git', '--version')
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(ran.stdout, /^git version 2\./)
    const removed = await podman.buildah('rm', container)
    assert.equal(removed.code, 0, removed.stderr)
  })
})

describe('skopeo', () => {
  it('copies an image, every byte of it checked', async () => {
    const target = `oci:${join(folder, 'layout')}:git`
    const copied = await run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${server.host}/shell/git/htop`,
      target,
    ])
    assert.equal(copied.code, 0, copied.stderr)
    const { stdout } = await run('skopeo', ['inspect', '--config', target])
    const { config, rootfs } = JSON.parse(stdout)
    assert.deepEqual(config.Cmd, ['bash'])
    assert.ok(rootfs.diff_ids.length > 5)
  })

  it('shows its user why a package is refused', async () => {
    const { code, stderr } = await run('skopeo', [
      'inspect',
      '--raw',
      '--tls-verify=false',
      `docker://${server.host}/demo-unfree`,
    ])
    assert.notEqual(code, 0)
    assert.match(stderr, /unfree license/)
  })
})
