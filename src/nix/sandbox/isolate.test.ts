import assert from 'node:assert/strict'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Finished } from '../../process/program.ts'
import { run as runProgram } from '../../process/run.ts'
import { createNix } from '../createNix.ts'
import { isolate } from './isolate.ts'
import type { Limits, Machine } from './launch.ts'
import { findTool, foldersFor } from './machine.ts'
import { namespacePrograms } from './namespaces.ts'
import { findUser } from './probe.ts'
import type { Isolation } from './walls.ts'

const secret = 'the-secret-of-the-server'
const isRoot = process.getuid?.() === 0
const plenty: Limits = { memory: 4 * 1024 ** 3 }

interface Box {
  /** Holds all others, and a file `secret`. */
  readonly folder: string
  readonly readable: string
  readonly writable: string
  /** Runs a script of the shell in the sandbox. */
  run(script: string, limits?: Limits): Promise<Finished>
}

async function createBox(t: TestContext, isolation: Isolation): Promise<Box | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'nixery test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const nix = await createNix({ timeout: 60, stateDir: join(folder, 'state') })
  t.after(() => nix.close())
  const walls = await nix.walls()
  if (walls.some(({ name, stands }) => name === isolation && !stands)) {
    t.skip(`this machine has no ${isolation}`)
    return undefined
  }
  const [readable, writable, root] = ['readable', 'writable', 'root'].map((name) => join(folder, name))
  if (!readable || !writable || !root) throw new RangeError('three names')
  const user = isRoot ? await findUser() : undefined
  for (const path of [readable, writable, root]) await mkdir(path)
  for (const path of [folder, readable, root]) await chmod(path, 0o755)
  if (user) await chown(writable, user.uid, user.gid)
  await writeFile(join(folder, 'secret'), secret)
  await writeFile(join(readable, 'file'), 'readable')
  const path = process.env['PATH'] ?? ''
  const tools = await Promise.all(namespacePrograms.map((name) => findTool(name, path)))
  const present = tools.filter((tool) => tool !== undefined)
  const machine: Machine = {
    system: foldersFor(present),
    path: [...new Set(present.map((tool) => dirname(tool)))].join(':'),
    root,
    isRoot,
    ...(tools[0] === undefined ? {} : { unshare: tools[0] }),
    ...(user ? { user } : {}),
  }
  return {
    folder,
    readable,
    writable,
    run(script, limits = plenty) {
      const view = { readable: [readable], writable: [writable] }
      const program = ['/bin/sh', '-c', `exec 2>&1; cd ${JSON.stringify(writable)}; ${script}`]
      const { command, args, user: as } = isolate(isolation, program, view, limits, machine)
      const env = { LC_ALL: 'C' }
      const options = { cwd: '/', env, onlyEnv: true, signal: AbortSignal.timeout(60_000) }
      return runProgram(command, args, { ...options, ...(as ? { user: as } : {}) })
    },
  }
}

for (const isolation of ['namespaces', 'landlock'] as const) {
  test(`a program behind ${isolation} reads what it may read, and writes where it may write`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    const { stdout, code } = await box.run('cat ../readable/file && echo written > file')
    assert.deepEqual([stdout, code], ['readable', 0])
    assert.equal(await readFile(join(box.writable, 'file'), 'utf8'), 'written\n')
  })

  test(`a program behind ${isolation} opens no other file`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    await chmod(join(box.folder, 'secret'), 0o666)
    await chmod(box.readable, 0o777)
    await chmod(box.folder, 0o777)
    for (const script of [
      'cat ../secret',
      'ls ..',
      'ls /',
      'ln ../secret own && cat own',
      'ln -s ../secret link; cat link',
      'cat /etc/hostname /etc/passwd',
      `cat /proc/${process.pid}/environ /proc/${process.pid}/cwd/package.json`,
      'cat /proc/1/root/etc/passwd',
      'echo x > ../readable/new && echo "wrote it: $?"',
      'echo x >> ../readable/file && echo "wrote it: $?"',
      'echo x > ../new && echo "wrote it: $?"',
      'mv ../readable/file . && echo "wrote it: $?"',
    ]) {
      const { stdout } = await box.run(script)
      // In namespaces there are other folders of these names.
      const isOther = script.startsWith('ls ') && isolation === 'namespaces'
      if (!isOther) assert.match(stdout, /No such file|denied|not permitted|cross-device|read-only/i, script)
      assert.doesNotMatch(stdout, /the-secret|wrote it|root:x|"name"|^secret$|^root$|^home$/m, script)
    }
    assert.equal(await readFile(join(box.readable, 'file'), 'utf8'), 'readable')
  })

  test(`a program behind ${isolation} reaches no network`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    let connections = 0
    const server = createServer((socket) => {
      connections += 1
      socket.end(secret)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const connect = `use IO::Socket::INET; my $s = IO::Socket::INET->new("127.0.0.1:${port}") or die "no: $!"; print <$s>`
    const { stdout, code } = await box.run(`perl -e '${connect}'`)
    assert.doesNotMatch(stdout, /the-secret/)
    assert.notEqual(code, 0)
    assert.equal(connections, 0)
    const udp = `use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "no: $!"; send($s, "x", 0, sockaddr_in(9, inet_aton("127.0.0.1"))) or die "no: $!"; print "sent"`
    assert.doesNotMatch((await box.run(`perl -e '${udp}'`)).stdout, /sent/)
  })

  test(`a program behind ${isolation} has no rights, no environment, and no say over other processes`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    const { stdout } = await box.run('cat /proc/self/status; env; kill -0 ' + process.pid)
    assert.match(stdout, /^CapEff:\t0+$/m)
    assert.match(stdout, /^CapPrm:\t0+$/m)
    assert.match(stdout, /^NoNewPrivs:\t1$/m)
    assert.match(stdout, /kill/)
    if (isRoot) assert.match(stdout, /^Uid:\t65534\t65534\t65534\t65534$/m)
    assert.doesNotMatch(stdout, /^(PATH|HOME|USER|NODE_TEST_CONTEXT)=/m)
  })

  test(`a program behind ${isolation} has a limit of memory and of processor time`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    const { stdout } = await box.run('ulimit -v; ulimit -t; ulimit -c', { memory: 2 ** 30, seconds: 7 })
    assert.equal(stdout, '1048576\n7\n0\n')
  })

  test(`a program behind ${isolation} passes its end on`, async (t) => {
    const box = await createBox(t, isolation)
    if (!box) return
    assert.equal((await box.run('exit 3')).code, 3)
  })
}
