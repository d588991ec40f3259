import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { createInterface } from 'node:readline'
import { plainEnv, root } from '../../setup/machine.js'
import { isTestFile } from '../../tools/testFiles.ts'
import { fetchManifest } from '../support/registry.ts'
import { serverVariables } from '../support/variables.ts'

// Packs a fresh clone of the last commit as a user of npm would, installs that package into an empty folder,
// and pulls an image from the installed command. Downloads the npm packages twice.

// Without npm's cache of compiled code, which it leaves in the temporary directory.
const env = { ...plainEnv, NODE_DISABLE_COMPILE_CACHE: '1' }

/** Runs a program and returns its standard output. @throws if it fails */
async function run(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  const [code] = await once(child, 'close')
  assert.equal(code, 0, `${program} ${args.join(' ')}:\n${stdout}`)
  return stdout
}

/** Paths of all files below a folder. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('node_modules/'))
}

/** Every file of `src` is there, compiled or as it is, and nothing of the tests. */
async function checkCompiled(installed: string): Promise<void> {
  const expected = (await filesBelow(join(root, 'src')))
    .filter((path) => !isTestFile(path))
    .flatMap((path) =>
      path.endsWith('.ts') ? [path.replace('.ts', '.js'), path.replace('.ts', '.d.ts')] : [path],
    )
  assert.deepEqual((await filesBelow(join(installed, 'dist'))).toSorted(), expected.toSorted())
}

/** Relative links of the documents lead to files of the package. */
async function checkLinks(installed: string): Promise<number> {
  let count = 0
  for (const page of await filesBelow(installed)) {
    if (!page.endsWith('.md')) continue
    const text = await readFile(join(installed, page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      const target = normalize(join(dirname(page), link))
      assert.ok(existsSync(join(installed, target)), `${page} links to ${link}, which the package lacks`)
      count += 1
    }
  }
  return count
}

/** Starts the installed command, lets `use` ask it, and ends it. */
async function serve<T>(folder: string, state: string, use: (address: string) => Promise<T>): Promise<T> {
  const child = spawn('npx', ['--no-install', 'nixery', 'serve'], {
    cwd: folder,
    env: { ...env, ...serverVariables(state) },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const closed = once(child, 'close')
  try {
    const log: string[] = []
    let address: string | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      log.push(line)
      address = /listening on (http:\/\/[\d.]+:\d+)/.exec(line)?.[1]
      if (address !== undefined) break
    }
    assert.ok(address !== undefined, `the server did not start:\n${log.join('\n')}`)
    child.stdout.resume()
    return await use(address)
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await closed
  }
}

/** Pulls all blobs of an image and checks their digests. @returns how many there are */
async function pull(address: string, name: string): Promise<{ digest: string; blobs: number }> {
  const { digest, manifest } = await fetchManifest(address, name)
  const blobs = [manifest.config, ...manifest.layers]
  for (const blob of blobs) {
    const response = await fetch(`${address}/v2/${name}/blobs/${blob.digest}`)
    assert.equal(response.status, 200)
    const bytes = new Uint8Array(await response.arrayBuffer())
    assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, blob.digest)
  }
  return { digest, blobs: blobs.length }
}

const work = await mkdtemp(join(tmpdir(), 'nixery-package-'))
try {
  const clone = join(work, 'clone')
  await run(work, 'git', 'clone', '--quiet', root, clone)
  await run(clone, 'npm', 'pack', '--loglevel=error', '--pack-destination', work)
  const [tarball = ''] = (await readdir(work)).filter((name) => name.endsWith('.tgz'))
  console.log(`  ✔ npm pack in a fresh clone makes ${tarball}`)

  const folder = join(work, 'empty')
  await mkdir(folder)
  await run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', join(work, tarball))
  const installed = join(folder, 'node_modules', 'nixery')
  await checkCompiled(installed)
  console.log('  ✔ it has all of src compiled, and no file of the tests')
  console.log(`  ✔ its documents have ${await checkLinks(installed)} links, all to files that it has`)

  assert.match(await run(folder, 'npx', '--no-install', 'nixery', 'help'), /^Usage: nixery VERB/)
  console.log('  ✔ npx nixery help')

  const first = await serve(folder, work, (address) => pull(address, 'shell/jq'))
  console.log(`  ✔ nixery serve: ${first.blobs} blobs pulled, with the digests that the manifest names`)
  assert.deepEqual(await serve(folder, work, (address) => pull(address, 'shell/jq')), first)
  console.log('  ✔ nixery serve, started again: the same image, out of the storage')
} finally {
  await rm(work, { recursive: true, force: true })
}
