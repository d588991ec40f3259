/**
 * `npm run test:logins`: every client of the newest Debian logs in with a user, a robot and a wrong password.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RobotTokens } from '../../src/access/robotTokens.ts'
import { createFilesystemStorage } from '../../src/storage/filesystem/filesystem.ts'
import { htpasswd, users } from '../access/accessServer.ts'
import { startChildServer } from '../support/childServer.ts'
import type { Outcome } from '../support/clients.ts'
import { demoSet } from '../support/variables.ts'
import { table } from './documents.ts'
import { clientRoot } from './folders.js'
import { Machine, removeLeftovers } from './machine.ts'
import { suites } from './suites.js'

interface Login {
  readonly user: string
  readonly password: string
}

/** Logs in, pulls an image, and returns the first outcome that failed, or the last one. */
type LoginClient = (machine: Machine, host: string, image: string, login: Login) => Promise<Outcome>

async function steps(...all: readonly (() => Promise<Outcome>)[]): Promise<Outcome> {
  let last: Outcome = { code: 0, stdout: '', stderr: '' }
  for (const step of all) {
    last = await step()
    if (last.code !== 0) return last
  }
  return last
}

const podmanPlaces = ['--root=/matrix/podman', '--runroot=/matrix/podman-run', '--storage-driver=vfs']
const insecure = '--tls-verify=false'

const credentials = ({ user, password }: Login) => ['-u', user, '-p', password]

function hostsFolder(machine: Machine, host: string, { user, password }: Login): string {
  const folder = join(machine.folder, 'hosts', host)
  mkdirSync(folder, { recursive: true })
  const header = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const text = `server = "http://${host}"\n[host."http://${host}"]\n  capabilities = ["pull", "resolve"]\n  [host."http://${host}".header]\n    authorization = "${header}"\n`
  writeFileSync(join(folder, 'hosts.toml'), text)
  return '/matrix/hosts'
}

const clients: Readonly<Record<string, LoginClient>> = {
  skopeo: (machine, host, image, login) =>
    steps(
      () =>
        machine.run('skopeo', [
          'login',
          insecure,
          ...credentials(login),
          '--authfile=/matrix/skopeo.json',
          host,
        ]),
      () =>
        machine.run('skopeo', [
          'copy',
          '--quiet',
          '--src-tls-verify=false',
          '--authfile=/matrix/skopeo.json',
          `docker://${image}`,
          'oci:/matrix/skopeo:latest',
        ]),
    ),
  podman: (machine, host, image, login) =>
    steps(
      () =>
        machine.run('podman', [
          ...podmanPlaces,
          'login',
          insecure,
          ...credentials(login),
          '--authfile=/matrix/podman.json',
          host,
        ]),
      () =>
        machine.run('podman', [
          ...podmanPlaces,
          'pull',
          '--quiet',
          insecure,
          '--authfile=/matrix/podman.json',
          image,
        ]),
    ),
  docker: (machine, host, image, login) =>
    steps(
      () => machine.run('docker', ['login', ...credentials(login), host]),
      () => machine.run('docker', ['pull', '--quiet', image]),
    ),
  'containerd (ctr --user)': (machine, _host, image, { user, password }) =>
    machine.run('ctr', ['images', 'pull', '--plain-http', '--user', `${user}:${password}`, image]),
  'containerd (hosts.toml)': (machine, host, image, login) =>
    machine.run('ctr', ['images', 'pull', '--hosts-dir', hostsFolder(machine, host, login), image]),
  crane: (machine, host, image, login) =>
    steps(
      () => machine.run('crane', ['auth', 'login', host, ...credentials(login)]),
      () => machine.run('crane', ['pull', '--insecure', '--format=oci', image, '/matrix/crane']),
    ),
  oras: (machine, host, image, login) =>
    steps(
      () =>
        machine.run('oras', [
          'login',
          '--plain-http',
          ...credentials(login),
          '--registry-config=/matrix/oras.json',
          host,
        ]),
      () =>
        machine.run('oras', [
          'copy',
          '--from-plain-http',
          '--from-registry-config=/matrix/oras.json',
          image,
          '--to-oci-layout',
          '/matrix/oras:latest',
        ]),
    ),
}

const rules = `users: { htpasswd: users }
default: deny
rules:
  - { who: ['user:alice', 'robot:ci'], packages: [hello], action: allow }
  - { packages: [jq], action: deny, message: ask platform@example.org for jq }
`

/** Whether the sentence of the rule reached the user. */
const sentence = /ask platform@example\.org for jq/

removeLeftovers()
const folder = mkdtempSync(join(tmpdir(), 'nixery-logins-'))
const [suite] = suites.slice(-1)
if (!suite) throw new Error('there is no suite')
let failures = 0
try {
  writeFileSync(join(folder, 'users'), htpasswd())
  writeFileSync(join(folder, 'access.yaml'), rules)
  const { token } = await new RobotTokens(await createFilesystemStorage(join(folder, 'storage'))).create(
    'ci',
    undefined,
  )
  const server = await startChildServer(folder, {
    NIXERY_PKGS_PATH: demoSet,
    NIXERY_ACCESS: join(folder, 'access.yaml'),
  })
  try {
    const host = server.address.replace('http://', '')
    const cases: readonly (readonly [title: string, image: string, login: Login, works: boolean])[] = [
      ['user', 'hello', { user: 'alice', password: users.alice }, true],
      ['robot', 'hello', { user: 'robot', password: token }, true],
      ['wrong password', 'hello', { user: 'alice', password: 'wrong' }, false],
      ['refused by a rule', 'jq', { user: 'alice', password: users.alice }, false],
    ]
    const lines: (readonly string[])[] = []
    for (const [name, client] of Object.entries(clients)) {
      const cells: string[] = []
      for (const [title, image, login, works] of cases) {
        // Each case has a machine of its own, which knows no credentials and no layers.
        const machine = await Machine.start(clientRoot(suite.name))
        try {
          if (name.startsWith('containerd'))
            await machine.daemon(['containerd', '--root=/matrix/containerd'], ['ctr', 'version'])
          if (name === 'docker')
            await machine.daemon(
              [
                'dockerd',
                '--data-root=/matrix/docker',
                '--storage-driver=vfs',
                '--bridge=none',
                '--iptables=false',
                '--ip6tables=false',
              ],
              ['docker', 'version'],
            )
          const outcome = await client(machine, host, `${host}/${image}:latest`, login)
          const good = (outcome.code === 0) === works
          if (!good) {
            failures++
            console.log(`${name}: ${title}: ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`)
          }
          const reads = sentence.test(outcome.stderr + outcome.stdout) ? ' (shows why)' : ''
          cells.push(good ? (works ? 'pulls' : `is refused${reads}`) : 'FAILS')
        } finally {
          await machine.stop()
        }
      }
      lines.push([name, ...cells])
      console.log([name, ...cells].join(' | '))
    }
    console.log(`\n${table(['client', ...cases.map(([title]) => title)], lines)}\n`)
  } finally {
    await server.end('SIGTERM')
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
