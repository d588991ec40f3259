import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { mediaTypes } from '../../src/oci/mediaTypes.ts'
import { run } from '../support/clients.ts'
import { demoSet } from '../support/variables.ts'
import { ask } from '../support/wire.ts'
import { check } from './exchange.ts'
import { startKnown, unknownDigest, type Known } from './known.ts'
import { table } from './table.ts'

let known: Known
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nixery-lists-'))
  await makeRepository(join(folder, 'set'))
  known = await startKnown({ NIXERY_PKGS_PATH: '', NIXERY_PKGS_REPO: join(folder, 'set') })
  for (const path of [
    'hello/manifests/v1',
    'hello/manifests/v2',
    'hello/manifests/Main',
    'jq/manifests/v2',
    'jq/hello/manifests/v1',
  ]) {
    assert.equal((await ask(known.address, { path: `/v2/${path}` })).status, 200, path)
  }
})
after(async () => {
  await known.stop()
  await rm(folder, { recursive: true, force: true })
})

const here = () => known

/** The demo set as a repository with tags. */
async function makeRepository(path: string): Promise<void> {
  await cp(demoSet, path, { recursive: true })
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org']
  for (const args of [
    ['init', '--quiet', '--initial-branch=Main'],
    ['add', '--all'],
    [...identity, 'commit', '--quiet', '--message=the demo set'],
    ['tag', 'v1'],
    ['tag', 'v2'],
    ['tag', 'unasked'],
  ]) {
    const { code, stderr } = await run('git', args.length > 0 ? ['-C', path, ...args] : [])
    assert.equal(code, 0, stderr)
  }
}

const listSchema = z.union([
  z.object({ name: z.string(), tags: z.array(z.string()) }).transform(({ tags }) => tags),
  z.object({ repositories: z.array(z.string()) }).transform(({ repositories }) => repositories),
])

/** Follows the links from page to page. */
async function pages(path: string): Promise<readonly (readonly string[])[]> {
  const found: (readonly string[])[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    assert.ok(found.length < 100, 'pages without end')
    const answer = await check(known.address, {
      path: next,
      status: 200,
      gets: { 'content-type': 'application/json' },
    })
    found.push(listSchema.parse(JSON.parse(answer.body.toString())))
    const { link } = answer.headers
    next = link === undefined ? undefined : new URL(linkTarget(link), new URL(next, known.address)).href
    next = next?.replace(known.address, '')
  }
  return found
}

function linkTarget(link: string): string {
  const target = /^<([^>]+)>; rel="next"$/.exec(link)?.[1]
  assert.ok(target !== undefined, link)
  return target
}

const all = ['Main', 'latest', 'v1', 'v2']

describe('tags/list', () => {
  const lists: readonly (readonly [query: string, pages: readonly (readonly string[])[]])[] = [
    ['', [all]],
    ['?n=100', [all]],
    ['?n=4', [all]],
    ['?n=3', [['Main', 'latest', 'v1'], ['v2']]],
    ['?n=1', all.map((tag) => [tag])],
    ['?n=2&last=Main', [['latest', 'v1'], ['v2']]],
    ['?last=latest', [['v1', 'v2']]],
    ['?last=u', [['v1', 'v2']]],
    ['?last=v2', [[]]],
    ['?last=zzz&n=1', [[]]],
    ['?n=0', [[]]],
    ['?ns=docker.io', [all]],
    ['?ns=docker.io&n=2', [all.slice(0, 2), all.slice(2)]],
  ]
  for (const [query, expected] of lists) {
    it(`${query || 'without a query'} has the pages ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual(await pages(`/v2/hello/tags/list${query}`), expected)
    })
  }

  it('of a name that was never built has what it would be built by', async () => {
    const { body } = await check(known.address, { path: '/v2/shell/htop/tags/list', status: 200 })
    assert.deepEqual(JSON.parse(body.toString()), { name: 'shell/htop', tags: ['latest'] })
  })

  it('is the same for all names of one image', async () => {
    const { body } = await check(known.address, { path: '/v2/hello/jq/tags/list', status: 200 })
    assert.deepEqual(JSON.parse(body.toString()), { name: 'hello/jq', tags: ['latest', 'v1'] })
  })
})

describe('_catalog', () => {
  const built = ['hello', 'hello/jq', 'jq']
  const lists: readonly (readonly [query: string, pages: readonly (readonly string[])[]])[] = [
    ['', [built]],
    ['?n=2', [['hello', 'hello/jq'], ['jq']]],
    ['?n=1', built.map((name) => [name])],
    ['?last=hello', [['hello/jq', 'jq']]],
    ['?last=hello%2Fjq', [['jq']]],
    ['?last=zzz', [[]]],
    ['?n=0', [[]]],
  ]
  for (const [query, expected] of lists) {
    it(`${query || 'without a query'} has the pages ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual(await pages(`/v2/_catalog${query}`), expected)
    })
  }
})

table('a list is refused', here, [
  ...['/v2/hello/tags/list', '/v2/_catalog'].flatMap((path) =>
    ['-1', 'x', '1.5', 'NaN', '0x10', '1e3', '', '99999999999999999999'].map(
      (n) =>
        [
          `that has no page of ${JSON.stringify(n)}: ${path}`,
          () => ({ path: `${path}?n=${n}`, status: 400, code: 'PAGINATION_NUMBER_INVALID' }),
        ] as const,
    ),
  ),
  ['of the tags of no name', () => ({ path: '/v2/He%20llo/tags/list', status: 400, code: 'NAME_INVALID' })],
  [
    'of what refers to no digest',
    () => ({ path: '/v2/hello/referrers/latest', status: 400, code: 'DIGEST_INVALID' }),
  ],
  [
    'of what refers to a digest by another function',
    () => ({
      path: `/v2/hello/referrers/sha512:${'0'.repeat(128)}`,
      status: 400,
      code: 'DIGEST_INVALID',
      says: /sha256/,
    }),
  ],
  [
    'of what refers to content of no name',
    () => ({ path: `/v2/Hello/referrers/${unknownDigest}`, status: 400, code: 'NAME_INVALID' }),
  ],
])

const emptyIndex = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] })

table('referrers are an index without entries', here, [
  [
    'for what is not here',
    ({ repository }) => ({
      path: `${repository}/referrers/${unknownDigest}`,
      status: 200,
      gets: { 'content-type': mediaTypes.ociIndex, 'oci-filters-applied': undefined, link: undefined },
      body: emptyIndex,
    }),
  ],
  [
    'for an image',
    ({ repository, manifest }) => ({
      path: `${repository}/referrers/${manifest.digest}`,
      status: 200,
      gets: { 'content-type': mediaTypes.ociIndex },
      body: emptyIndex,
    }),
  ],
  [
    'of a type, which is said to have been looked at',
    ({ repository, manifest }) => ({
      path: `${repository}/referrers/${manifest.digest}?artifactType=application%2Fvnd.example%2Bjson`,
      status: 200,
      gets: { 'oci-filters-applied': 'artifactType' },
      body: emptyIndex,
    }),
  ],
])
