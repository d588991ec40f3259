import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvalidName } from '../errors.ts'
import { canonicalName, parseImageName } from './name.ts'

describe('image names', () => {
  const base = ['cacert', 'iana-etc']
  const shell = ['bashinteractive', 'cacert', 'coreutils', 'iana-etc', 'moreutils', 'nano']

  it('stand for packages, with certificates and the names of ports always in', () => {
    assert.deepEqual(parseImageName('hello'), {
      name: 'hello',
      packages: [...base, 'hello'].toSorted(),
      shell: false,
    })
  })

  it('expand shell and the architectures in front', () => {
    const request = parseImageName('shell/arm64/git')
    assert.deepEqual(request.packages, [...shell, 'git'].toSorted())
    assert.equal(request.architecture, 'arm64')
    assert.equal(request.shell, true)
    assert.equal(parseImageName('amd64/hello').architecture, 'amd64')
    assert.deepEqual(parseImageName('shell').packages, shell)
    assert.deepEqual(parseImageName('arm64').packages, base)
  })

  it('mean the same in any order and however often a package is named', () => {
    const anyPackages = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(anyPackages, fc.infiniteStream(fc.nat()), (packages, picks) => {
        fc.pre(!packages.some((name) => ['shell', 'arm64', 'amd64'].includes(name)))
        const order = new Map(packages.map((name) => [name, picks.next().value ?? 0]))
        const shuffled = packages.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
        const twice = [...shuffled, packages[0]].join('/')
        assert.deepEqual(parseImageName(twice).packages, parseImageName(packages.join('/')).packages)
      }),
    )
  })

  it('have one canonical form', () => {
    for (const [name, canonical] of [
      ['htop/git', 'git/htop'],
      ['shell/htop/nano/git/cacert', 'shell/git/htop'],
      ['shell', 'shell'],
      ['arm64', 'cacert/iana-etc'],
    ] as const) {
      assert.equal(canonicalName(parseImageName(name)), canonical)
    }
  })

  const refused: readonly (readonly [string, RegExp])[] = [
    ['Git', /capitals/],
    ['a/../b', /may only stand between/],
    ['a..b', /may only stand between/],
    ['git|sh', /character "\|"/],
    ['a\u0000b', /character "\\u0000"/],
    ['gi t', /character " "/],
    ['', /empty component/],
    ['a//b', /empty component/],
    ['git/', /empty component/],
    ['-git', /may only stand between/],
    ['a/--option', /may only stand between/],
    ['git_', /may only stand between/],
    ['ö', /character "ö"/],
    [Array.from({ length: 33 }, () => 'a').join('/'), /33 components/],
    ['a'.repeat(300), /300 characters/],
    ['git/shell', /'shell' is a meta-package: it comes first, as in 'shell\/git'/],
    ['arm64/amd64/git', /one architecture/],
  ]
  for (const [name, rule] of refused) {
    it(`refuse ${JSON.stringify(name.slice(0, 20))} and say why`, () => {
      assert.throws(
        () => parseImageName(name),
        (error) => error instanceof InvalidName && rule.test(error.message),
      )
    })
  }

  it('never throw anything but the rule they break, and let nothing else through', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.webPath()), (name) => {
        try {
          for (const part of parseImageName(name).packages)
            assert.match(part, /^[a-z0-9]+([._-]+[a-z0-9]+)*$/)
        } catch (error) {
          assert.ok(error instanceof InvalidName)
        }
      }),
    )
  })
})
