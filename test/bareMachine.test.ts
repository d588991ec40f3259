import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { isNewEnough, nixVersion } from '../bin/newerNix.js'
import { bareCommand, startChildServer } from './support/childServer.ts'
import { fetchError } from './support/registry.ts'

/** Each builder logs whom the root of its user namespace is, seen from outside. */
const expression = (salt: string) => `
{ system ? builtins.currentSystem, ... }:
let
  make = name: derivation {
    inherit name system;
    builder = "/bin/sh";
    args = [ "-c" "read -r inside outside rest < /proc/self/uid_map; echo builder is user $outside; echo > $out" ];
    salt = "${salt}";
  };
in
{ hello = make "hello"; cacert = make "cacert"; iana-etc = make "iana-etc"; }
`

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-bare-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const groups = await readFile('/etc/group', 'utf8')
const isBare = process.getuid?.() === 0 && !/^nixbld:/m.test(groups)
const skip = isBare ? false : 'needs root on a machine without build users'
const machinePath = '/usr/bin:/bin'
const machineNix = nixVersion(machinePath)
const isOld = machineNix !== undefined && !isNewEnough(machineNix)
const skipOld = skip || (isOld ? false : 'needs a machine whose Nix is too old')

/** A server without settings for builders, on packages that nobody has built yet. It ends with the test. */
async function start(
  context: TestContext,
  variables: Readonly<Record<string, string>>,
  program?: typeof bareCommand,
) {
  const set = await mkdtemp(join(folder, 'set-'))
  await chmod(set, 0o755)
  await writeFile(join(set, 'default.nix'), expression(set))
  const all = { NIXERY_PKGS_PATH: set, NIX_CONFIG: 'substituters =', ...variables }
  const server = await startChildServer(await mkdtemp(join(folder, 'server-')), all, program)
  context.after(() => server.end('SIGTERM'))
  return server
}

describe('a server of root on a machine without build users', { skip }, () => {
  it('builds a real package set as a user of its own, or says why not', async (context) => {
    const server = await start(context, {})
    const answer = await fetch(`${server.address}/v2/hello/manifests/latest`)
    const text = await answer.text()
    assert.ok(answer.status === 200 || answer.status === 503, text)
    const builders = server.log.flatMap((line) => /builder is user (\d+)/.exec(line)?.[1] ?? [])
    if (answer.status === 200) assert.ok(builders.length > 0 && !builders.includes('0'), builders.join())
    else assert.match(text, /only in a sandbox and as users of their own/)
  })

  it(
    'refuses to build with a Nix that is too old for that, and says so when it starts',
    { skip: skipOld },
    async (context) => {
      const server = await start(context, { PATH: machinePath }, bareCommand)
      const { status, message } = await fetchError(`${server.address}/v2/hello/manifests/latest`)
      assert.equal(status, 503)
      assert.match(message, /add a group 'nixbld'/)
      assert.match(server.log.join('\n'), /no users that its builders could run as/)
    },
  )
})
