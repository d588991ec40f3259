import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Entry } from '../oci/entry.ts'
import { readPropagated } from './propagated.ts'
import { rootFileSystem as fromTrees } from './rootFileSystem.ts'
import { command, environment } from './runtime.ts'
import { readTree } from './tree.ts'

const store = mkdtempSync(join(tmpdir(), 'nixery-root-'))
after(() => rmSync(store, { recursive: true }))

/** A package: its files, and its links as `name -> target`. */
function tree(name: string, ...contents: string[]): string {
  const root = join(store, name)
  mkdirSync(root)
  for (const item of contents) {
    const [path = '', target] = item.split(' -> ')
    mkdirSync(dirname(join(root, path)), { recursive: true })
    if (target === undefined) writeFileSync(join(root, path), '')
    else symlinkSync(target, join(root, path))
  }
  return root
}

async function rootFileSystem(paths: readonly string[]): Promise<readonly Entry[]> {
  const { signal } = new AbortController()
  return fromTrees(
    await Promise.all(paths.map(async (path) => ({ path, tree: await readTree(path, signal, store) }))),
  )
}

function shown(entries: readonly Entry[], ...paths: string[]): readonly string[] {
  const text = (entry: Entry) =>
    entry.kind === 'link'
      ? `${entry.path} -> ${entry.target.slice(store.length + 1)}`
      : entry.kind === 'file'
        ? `${entry.path} = ${entry.content.toString()}`
        : `${entry.path}/ ${entry.mode.toString(8)}`
  return entries.filter((entry) => paths.some((path) => `${entry.path}/`.startsWith(`${path}/`))).map(text)
}

describe('the root of an image', () => {
  it('links what one package has, and joins the folders that several have', async () => {
    const git = tree('git', 'bin/git', 'share/git/hooks', 'libexec/git/x')
    const htop = tree('htop', 'bin/htop', 'share/icons/htop')
    assert.deepEqual(shown(await rootFileSystem([git, htop]), 'bin', 'share', 'libexec'), [
      'bin/ 755',
      'bin/git -> git/bin/git',
      'bin/htop -> htop/bin/htop',
      'libexec -> git/libexec',
      'share/ 755',
      'share/git -> git/share/git',
      'share/icons -> htop/share/icons',
    ])
  })

  it('shows what the first of two packages has', async () => {
    const one = tree('one', 'bin/tool', 'lib/both')
    const two = tree('two', 'bin/tool', 'lib/both/inner')
    assert.deepEqual(shown(await rootFileSystem([one, two]), 'bin/tool', 'lib/both'), [
      'bin/tool -> one/bin/tool',
      'lib/both -> one/lib/both',
    ])
  })

  it('has the folders that engines mount into, even when one package alone has them', async () => {
    const lone = tree('lone', 'etc/lone.conf', 'var/lib/lone/x')
    assert.deepEqual(
      shown(await rootFileSystem([lone]), 'etc/lone.conf', 'var', 'tmp', 'root', 'run', 'usr'),
      [
        'etc/lone.conf -> lone/etc/lone.conf',
        'root/ 700',
        'run/ 755',
        'tmp/ 1777',
        'usr/ 755',
        'usr/bin/ 755',
        'var/ 755',
        'var/lib -> lone/var/lib',
        'var/tmp/ 1777',
      ],
    )
  })

  it('names root and nobody, whatever a package says', async () => {
    const rude = tree('rude', 'etc/passwd')
    const passwd = shown(await rootFileSystem([rude]), 'etc/passwd')
    assert.equal(passwd.length, 1)
    assert.match(String(passwd[0]), /^etc\/passwd = root:x:0:0:.*\nnobody:x:65534:/)
  })

  it('has /bin/sh and /usr/bin/env where a shell and env are in, and not otherwise', async () => {
    const bash = tree('bash', 'bin/bash')
    const coreutils = tree('coreutils', 'bin/env')
    assert.deepEqual(shown(await rootFileSystem([bash, coreutils]), 'bin/sh', 'usr/bin/env'), [
      'bin/sh -> bash/bin/bash',
      'usr/bin/env -> coreutils/bin/env',
    ])
    assert.deepEqual(shown(await rootFileSystem([tree('none', 'bin/x')]), 'bin/sh', 'usr/bin/env'), [])
  })

  it('survives links to nowhere, links to themselves and packages that are files', async () => {
    const odd = tree('odd', 'lib/self -> ../lib', 'share/gone -> /nowhere', 'etc -> /nowhere')
    const same = tree('same', 'lib/self -> ../lib', 'share/gone -> /nowhere')
    writeFileSync(join(store, 'file'), '')
    const root = await rootFileSystem([odd, same, join(store, 'file')])
    assert.deepEqual(shown(root, 'share/gone'), ['share/gone -> odd/share/gone'])
    assert.ok(root.some(({ path }) => path === 'etc/passwd'))
  })

  it('joins folders behind links of a package, and follows none out of the store', async () => {
    const other = tree('other', 'bin/behind')
    const links = tree('links', `bin -> ${other}/bin`, 'lib64 -> lib', 'lib/x', 'share -> /usr/share')
    const plain = tree('plain', 'bin/plain', 'lib64/y', 'share/z')
    const { signal } = new AbortController()
    const trees = await Promise.all(
      [links, plain, other].map(async (path) => ({ path, tree: await readTree(path, signal, store) })),
    )
    assert.deepEqual(shown(fromTrees(trees.slice(0, 2), trees.slice(2)), 'bin', 'lib64', 'share'), [
      'bin/ 755',
      'bin/behind -> links/bin/behind',
      'bin/plain -> plain/bin/plain',
      'lib64/ 755',
      'lib64/x -> links/lib64/x',
      'lib64/y -> plain/lib64/y',
      'share -> links/share',
    ])
  })

  it('leaves the store and the kernel’s folders alone', async () => {
    const rude = tree('imposing', 'nix/store/x', 'proc/self', 'dev/null', 'sys/x', 'constructor/x')
    assert.deepEqual(shown(await rootFileSystem([rude]), 'nix', 'proc', 'dev', 'sys', 'constructor'), [
      'constructor -> imposing/constructor',
    ])
  })

  it('links what a package propagates, and lets interpreters find it', async () => {
    const idna = tree('idna', 'lib/python3.11/site-packages/idna/__init__.py')
    const requests = tree('requests', 'lib/python3.11/site-packages/requests/__init__.py')
    mkdirSync(join(requests, 'nix-support'))
    writeFileSync(join(requests, 'nix-support/propagated-build-inputs'), `${idna}\n`)
    const python = tree('python', 'bin/python3', 'lib/python3.11/os.py')
    const root = await rootFileSystem([python, requests, ...(await readPropagated(requests))])
    assert.deepEqual(shown(root, 'lib/python3.11/site-packages', 'nix-support'), [
      'lib/python3.11/site-packages/ 755',
      'lib/python3.11/site-packages/idna -> idna/lib/python3.11/site-packages/idna',
      'lib/python3.11/site-packages/requests -> requests/lib/python3.11/site-packages/requests',
    ])
    assert.ok(environment(root).includes('PYTHONPATH=/lib/python3.11/site-packages'))
    assert.ok(!environment(await rootFileSystem([python])).some((line) => line.startsWith('PYTHONPATH')))
  })

  it('lists parents before children, and is the same every time', async () => {
    const outputs = [tree('a', 'bin/x', 'lib/y/z'), tree('b', 'bin/y', 'lib/y/x')]
    const root = await rootFileSystem(outputs)
    assert.deepEqual(root, await rootFileSystem(outputs))
    const seen = new Set<string>()
    for (const { path } of root) {
      const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : undefined
      assert.ok(parent === undefined || seen.has(parent), path)
      seen.add(path)
    }
  })
})

describe('the command of an image', () => {
  it('is bash with a shell, the program of the only package, or none', async () => {
    assert.deepEqual(command(true, ['git']), ['bash'])
    assert.deepEqual(command(false, ['hello']), ['hello'])
    assert.equal(command(false, ['hello', 'git']), undefined)
    assert.equal(command(false, [undefined]), undefined)
  })
})
