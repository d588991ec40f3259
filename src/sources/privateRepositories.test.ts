import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { InvalidSource, SourceFailed } from '../errors.ts'
import { setEnvironment } from '../process/testing.ts'
import { createChannelSource } from './channel.ts'
import { createGitSource } from './git.ts'
import { serveRepository } from './serveRepository.testing.ts'
import { createFolder, memoryTips, recordingRun, TestRepository } from './testing.ts'

async function setUp(t: TestContext) {
  const folder = await createFolder(t)
  const repository = await TestRepository.create(t, join(folder, 'repository'))
  const first = await repository.commit({ 'default.nix': '{ }' })
  await repository.commit({ 'default.nix': '{ a = 1; }' })
  const cacheDir = join(folder, 'cache')
  const tips = memoryTips()
  // The home folder has no credentials, and git no settings of this machine.
  await mkdir(join(folder, 'home'))
  setEnvironment(t, {
    HOME: join(folder, 'home'),
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: undefined,
    XDG_CONFIG_HOME: undefined,
    GIT_ASKPASS: undefined,
    SSH_ASKPASS: undefined,
  })
  const git = (address: string, netrc?: string) => {
    const source = createGitSource(address, { cacheDir, tips, pinTtl: 0, netrc })
    t.after(() => source.close())
    return source
  }
  return { folder, repository, first, cacheDir, tips, git, ...recordingRun(t) }
}

async function servePrivately(t: TestContext, repository: TestRepository) {
  const { url } = await serveRepository(t, repository, { smart: true, credentials: 'me:s3cret' })
  return { url, withCredentials: url.replace('://', '://me:s3cret@') }
}

/** All that lies in a folder, as one text. */
async function contentOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true })
  const texts = names.map(async (name) => {
    const file = join(folder, name)
    return (await stat(file)).isFile() ? `${name}\n${await readFile(file, 'latin1')}` : name
  })
  return (await Promise.all(texts)).join('\n')
}

/** Puts a program before those of the machine. */
async function addProgram(t: TestContext, folder: string, name: string, script: string): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true })
  await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  setEnvironment(t, { PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` })
}

test('ATTACK: user and password of an address reach the server, and no file, command line, error or log', async (t) => {
  const { folder, repository, first, cacheDir, git, run, events } = await setUp(t)
  const { withCredentials } = await servePrivately(t, repository)
  const commands = join(folder, 'commands')
  const real = process.env['PATH'] ?? ''
  await addProgram(t, folder, 'git', `echo "$@" >> '${commands}'; PATH='${real}' exec git "$@"`)
  const source = git(withCredentials)
  await source.check(run)
  assert.equal((await source.pin(first, run)).trusted, true)
  await source.fetch(await source.pin('main', run), run)
  assert.match(await readFile(commands, 'utf8'), /fetch/)
  const refused = git(withCredentials.replace('s3cret', 's3cret-wrong'))
  let message = ''
  await assert.rejects(refused.check(run), (error) => {
    assert.ok(error instanceof InvalidSource)
    assert.match(error.message, /Are its address and the credentials right\?.*Authentication failed/)
    message = `${error.message}${String(error.stack)}${String(error.cause)}`
    return true
  })
  for (const text of [
    message,
    await contentOf(cacheDir),
    await readFile(commands, 'utf8'),
    JSON.stringify(events),
  ])
    assert.doesNotMatch(text, /s3cret/)
})

test('credentials of a repository come from a netrc file, from ~/.netrc, or from a helper of git', async (t) => {
  const { folder, repository, git, run } = await setUp(t)
  const { url } = await servePrivately(t, repository)
  await assert.rejects(git(url).check(run), (error) => {
    assert.ok(error instanceof InvalidSource)
    assert.match(error.message, /could not read Username|Authentication failed/)
    return true
  })
  const netrc = 'machine 127.0.0.1 login me password s3cret'
  await writeFile(join(folder, 'netrc'), netrc)
  await git(url, join(folder, 'netrc')).check(run)
  const helper = '!f() { echo username=me; echo password=s3cret; }; f'
  await writeFile(join(folder, 'home/.gitconfig'), `[credential]\n\thelper = "${helper}"\n`)
  await git(url).check(run)
  await writeFile(join(folder, 'home/.gitconfig'), '')
  await writeFile(join(folder, 'home/.netrc'), netrc)
  await git(url).check(run)
})

test('a token alone, and a header of git, are credentials too', async (t) => {
  const { folder, repository, git, run } = await setUp(t)
  const { url } = await serveRepository(t, repository, { smart: true, credentials: 't0ken:' })
  await git(url.replace('://', '://t0ken@')).check(run)
  const header = Buffer.from('t0ken:').toString('base64')
  const config = `[http "${url}"]\n\textraHeader = "Authorization: Basic ${header}"\n`
  await writeFile(join(folder, 'home/.gitconfig'), config)
  await git(url).check(run)
})

test('a channel of a private forge is found and fetched with the same credentials', async (t) => {
  const { folder, repository, cacheDir, tips, run, events } = await setUp(t)
  const { url, withCredentials } = await servePrivately(t, repository)
  await writeFile(join(folder, 'netrc'), 'machine 127.0.0.1 login me password s3cret')
  const options = { channel: 'main', tags: [], pinTtl: 0, cacheDir, tips }
  const netrc = join(folder, 'netrc')
  for (const source of [
    createChannelSource({ ...options, baseUrl: withCredentials }),
    createChannelSource({ ...options, baseUrl: url, netrc, cacheDir: join(folder, 'other') }),
  ])
    await source.check(run)
  const nobody = createChannelSource({ ...options, baseUrl: url, cacheDir: join(folder, 'third') })
  await assert.rejects(nobody.check(run), InvalidSource)
  assert.doesNotMatch(JSON.stringify(events) + (await contentOf(cacheDir)), /s3cret/)
})

test('a repository by ssh is fetched, and the reason why ssh fails is kept', async (t) => {
  const { folder, repository, first, git, run } = await setUp(t)
  const address = `ssh://git@forge.example${repository.folder}`
  // Runs here what it is told to run there; the first argument that is no option is the host.
  const ssh = join(folder, 'ssh')
  await writeFile(
    ssh,
    `#!/bin/sh
if [ -e '${folder}/reason' ]; then cat '${folder}/reason' >&2; exit 255; fi
while case "$1" in -o|-p) shift 2;; -*) shift;; *) false;; esac do :; done
shift
exec sh -c "$*"
`,
    { mode: 0o755 },
  )
  setEnvironment(t, { GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'ssh' })
  await git(address).check(run)
  assert.equal((await git(address).pin(first, run)).trusted, true)
  await git(`git@forge.example:${repository.folder}`).check(run)
  const reasons: Readonly<Record<string, typeof SourceFailed>> = {
    'git@forge.example: Permission denied (publickey).': InvalidSource,
    'Host key verification failed.': InvalidSource,
    'ssh: connect to host forge.example port 22: Connection refused': SourceFailed,
    'ssh: Could not resolve hostname forge.example: Temporary failure in name resolution': SourceFailed,
  }
  for (const [reason, type] of Object.entries(reasons)) {
    await writeFile(join(folder, 'reason'), `${reason}\r\n`)
    await assert.rejects(git(address).check(run), (error) => {
      assert.ok(error instanceof SourceFailed)
      assert.equal(error instanceof InvalidSource, type === InvalidSource, error.message)
      assert.ok(error.message.includes(reason), error.message)
      return true
    })
  }
})
