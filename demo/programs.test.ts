import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { build, closureOf, makeSet, run, scratchDirectory } from './testing.ts'

interface Program {
  readonly packages: readonly string[]
  readonly argv: readonly string[]
  readonly prints: RegExp
}

const programs: readonly Program[] = [
  { packages: ['hello'], argv: ['hello'], prints: /^Hello, world!$/m },
  { packages: ['bash'], argv: ['sh', '-c', 'x=é; echo ${#x} characters'], prints: /^1 characters$/m },
  { packages: ['bashInteractive'], argv: ['bash', '--version'], prints: /GNU bash, version 5/ },
  { packages: ['coreutils'], argv: ['ls', '/nix'], prints: /^store$/m },
  { packages: ['moreutils'], argv: ['errno', 'ENOENT'], prints: /No such file/ },
  { packages: ['moreutils', 'bash'], argv: ['bash', '-c', 'echo a | ts ,'], prints: /^, a$/m },
  { packages: ['nano'], argv: ['nano', '--version'], prints: /GNU nano/ },
  { packages: ['htop'], argv: ['htop', '--version'], prints: /htop 3/ },
  { packages: ['jq'], argv: ['jq', '-n', '-c', '{a:[1,2]|add}'], prints: /^\{"a":3\}$/m },
  { packages: ['curl'], argv: ['curl', '--version'], prints: /OpenSSL/ },
  { packages: ['openssl'], argv: ['openssl', 'version', '-a'], prints: /OpenSSL 3/ },
  {
    packages: ['openssl'],
    argv: [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=demo',
      '-keyout',
      '/dev/null',
    ],
    prints: /BEGIN CERTIFICATE/,
  },
  {
    packages: ['gnutar', 'gzip', 'bash'],
    argv: ['tar', '-czf', '/tmp/a.tar.gz', '-v', '/etc'],
    prints: /etc\//,
  },
  { packages: ['gzip'], argv: ['zgrep', '--version'], prints: /gzip/ },
  { packages: ['xz'], argv: ['xz', '--version'], prints: /XZ Utils/ },
  { packages: ['findutils'], argv: ['find', '/tmp', '-type', 'd'], prints: /^\/tmp$/m },
  { packages: ['gnugrep'], argv: ['grep', '--version'], prints: /GNU grep/ },
  { packages: ['gnused'], argv: ['sed', '--version'], prints: /GNU sed/ },
  { packages: ['gawk'], argv: ['awk', 'BEGIN { print length("éé") }'], prints: /^2$/m },
  {
    packages: ['perl'],
    argv: ['perl', '-MEncode', '-MPOSIX', '-e', 'print floor(2.5), $^V'],
    prints: /^2v5/,
  },
  {
    packages: ['perlPackages.DBI', 'perl'],
    argv: ['perl', '-MDBI', '-e', 'print $DBI::VERSION'],
    prints: /^1\./,
  },
  {
    packages: ['python3'],
    argv: [
      'python3',
      '-c',
      'import bz2, ctypes, curses, lzma, sqlite3, ssl, sys; print(sys.getfilesystemencoding())',
    ],
    prints: /^utf-8$/m,
  },
  {
    packages: ['python3'],
    argv: ['python3', '-c', 'import os; print(os.popen("echo through a shell").read())'],
    prints: /^through a shell$/m,
  },
  {
    packages: ['python3Packages.requests', 'python3'],
    argv: ['python3', '-c', 'import requests; print(requests.Session().headers["User-Agent"])'],
    prints: /^python-requests/m,
  },
  {
    packages: ['python3', 'cacert'],
    argv: ['python3', '-c', 'import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 100)'],
    prints: /^True$/m,
  },
  { packages: ['haskellPackages.ShellCheck'], argv: ['shellcheck', '--version'], prints: /ShellCheck/ },
  { packages: ['_7zz'], argv: ['7zz', 'i'], prints: /7-Zip/ },
  {
    packages: ['git', 'coreutils', 'bash'],
    argv: [
      'bash',
      '-ec',
      `cd /tmp; git init -q; echo a > b; git add b
       git -c user.name=a -c user.email=b@c commit -q -m first; git submodule status; git log --format=%s; git clone -q . /tmp/c`,
    ],
    prints: /^first$/m,
  },
]

const set = makeSet()
const attributes = [...new Set(programs.flatMap(({ packages }) => packages)), 'openssl.dev', 'iana-etc']
const built = new Map<string, string>()

before(() => {
  const debs = join(import.meta.dirname, '../var/demo/debs')
  execFileSync(process.execPath, [join(import.meta.dirname, 'fetch.ts'), '--set', set, '--debs', debs])
  build(set, attributes).forEach((path, at) => built.set(attributes[at] ?? '', path))
})

function pathOf(attribute: string): string {
  const path = built.get(attribute)
  assert.ok(path, `${attribute} was not built`)
  return path
}

/**
 * A root directory that holds the closure of the packages and, as images do, `/bin/sh` where there is a
 * shell.
 */
function makeRoot(packages: readonly string[]): string {
  const root = join(scratchDirectory(), 'root')
  for (const directory of ['nix/store', 'bin', 'tmp', 'dev', 'etc']) {
    mkdirSync(join(root, directory), { recursive: true })
  }
  const paths = closureOf(packages.map(pathOf))
  const copied = run('cp', ['-al', ...paths, join(root, 'nix/store')])
  if (copied.status !== 0) execFileSync('cp', ['-af', ...paths, join(root, 'nix/store')])
  if (packages.includes('bash')) symlinkSync(join(pathOf('bash'), 'bin/sh'), join(root, 'bin/sh'))
  execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3'])
  execFileSync('mknod', ['-m', '666', join(root, 'dev/urandom'), 'c', '1', '9'])
  return root
}

/** A package and the modules that it needs, as the set declares them. */
function withPropagated(path: string): readonly string[] {
  const paths = new Set([path])
  for (const one of paths) {
    const declared = join(one, 'nix-support/propagated-build-inputs')
    if (existsSync(declared))
      for (const other of readFileSync(declared, 'utf8').trim().split(' ')) paths.add(other)
  }
  return [...paths]
}

function environment(packages: readonly string[]): NodeJS.ProcessEnv {
  const paths = packages.map(pathOf).flatMap(withPropagated)
  const under = (directory: string) => paths.map((path) => join(path, directory)).join(':')
  return {
    PATH: under('bin'),
    PYTHONPATH: under('lib/python3.11/site-packages'),
    PERL5LIB: under('lib/perl5/site_perl'),
    LANG: 'C.UTF-8',
    HOME: '/tmp',
    TERM: 'xterm',
    ...(packages.includes('cacert') && { SSL_CERT_FILE: `${pathOf('cacert')}/etc/ssl/certs/ca-bundle.crt` }),
  }
}

for (const { packages, argv, prints } of programs) {
  test(`with nothing but the closure of ${packages.join(', ')} runs: ${argv.join(' ').slice(0, 60)}`, () => {
    const { status, stdout, stderr } = run(
      '/usr/sbin/chroot',
      [makeRoot(packages), ...argv],
      environment(packages),
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, prints)
  })
}

test('a package refers to what it needs and to nothing else', () => {
  const names = closureOf([pathOf('hello')]).map((path) => path.slice('/nix/store/'.length + 33))
  assert.equal(names.length, 2, names.join(' '))
  assert.match(names.join(' '), /glibc-.* hello-/)
})

test('what compiling needs is an output of its own', () => {
  assert.ok(existsSync(join(pathOf('openssl.dev'), 'include/openssl/ssl.h')))
  assert.ok(!existsSync(join(pathOf('openssl'), 'include')))
  assert.ok(!closureOf([pathOf('openssl')]).includes(pathOf('openssl.dev')))
})

test('the databases that every image carries are where they belong', () => {
  assert.match(readFileSync(join(pathOf('iana-etc'), 'etc/services'), 'utf8'), /^https\s+443\/tcp/m)
  assert.match(readFileSync(join(pathOf('iana-etc'), 'etc/protocols'), 'utf8'), /^tcp\s+6/m)
  assert.match(
    readFileSync(join(pathOf('cacert'), 'etc/ssl/certs/ca-bundle.crt'), 'utf8'),
    /BEGIN CERTIFICATE/,
  )
})
