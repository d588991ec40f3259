import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import { mediaTypes } from '../../src/oci/mediaTypes.ts'
import { ask, type Answer, type Question } from '../support/wire.ts'
import { sha256, startKnown, type Known, type KnownContent } from './known.ts'

// What the conformance suite of the OCI distribution-spec checks of a registry that nobody pushes to, and
// what it checks of ranges where it can push. `npm run test:conformance` runs the suite itself if it can be
// built. The digest header of manifests is checked only here: see `test/conformance/run.ts`.

let known: Known
before(async () => {
  known = await startKnown()
})
after(() => known.stop())

const accept = ['accept', mediaTypes.ociIndex, 'accept', mediaTypes.ociManifest]
const randomDigest = () => sha256(randomBytes(1024))

/** An answer with one of these states; none carries another digest than the one that was asked for. */
async function expectStatus(question: Question, states: readonly number[], digest?: string): Promise<Answer> {
  const answer = await ask(known.address, question)
  assert.ok(states.includes(answer.status), `${answer.status} where ${states.join(' or ')} is right`)
  if (digest !== undefined) assert.equal(answer.headers['docker-content-digest'], digest)
  return answer
}

describe('ping', () => {
  it('GET /v2/ is answered', async () => void (await expectStatus({ path: '/v2/' }, [200])))
})

const tagList = z.object({ name: z.string(), tags: z.array(z.string()) })
const index = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(mediaTypes.ociIndex),
  manifests: z.array(z.unknown()),
})

describe('before anything was pulled', () => {
  it('tags/list is a list', async () => {
    const { body } = await expectStatus({ path: '/v2/jq/tags/list' }, [200])
    assert.equal(tagList.parse(JSON.parse(body.toString())).name, 'jq')
  })

  it('referrers of an unknown digest are an index', async () => {
    const { headers, body } = await expectStatus({ path: `/v2/jq/referrers/${randomDigest()}` }, [200])
    assert.equal(headers['content-type'], mediaTypes.ociIndex)
    index.parse(JSON.parse(body.toString()))
  })
})

describe('content that is there', () => {
  it('tag-list has the tag, and nothing up to `last`', async () => {
    const list = async (query: string) => {
      const { body } = await expectStatus({ path: `${known.repository}/tags/list${query}` }, [200])
      return tagList.parse(JSON.parse(body.toString())).tags
    }
    assert.deepEqual(await list(''), ['latest'])
    assert.deepEqual(await list('?last=latest'), [])
  })

  const contents: readonly (readonly [string, (known: Known) => KnownContent & { readonly path: string }])[] =
    [
      ['the manifest by tag', ({ manifest }) => ({ ...manifest, path: 'manifests/latest' })],
      ['the manifest by digest', ({ manifest }) => ({ ...manifest, path: `manifests/${manifest.digest}` })],
      ['the config', ({ config }) => ({ ...config, path: `blobs/${config.digest}` })],
      ['a layer', ({ layer }) => ({ ...layer, path: `blobs/${layer.digest}` })],
    ]
  for (const method of ['HEAD', 'GET']) {
    for (const [name, choose] of contents) {
      it(`${method} of ${name}`, async () => {
        const { path, digest, size, bytes } = choose(known)
        const question = { method, path: `${known.repository}/${path}`, headers: accept }
        const { headers, body } = await expectStatus(question, [200], digest)
        assert.equal(headers['docker-content-digest'], sha256(bytes))
        assert.equal(headers['content-length'], `${size}`)
        assert.ok(body.equals(method === 'HEAD' ? Buffer.of() : bytes))
      })
    }
  }

  it('the manifest is typed as it says itself', async () => {
    const { headers, body } = await expectStatus(
      { path: `${known.repository}/manifests/latest`, headers: accept },
      [200],
    )
    assert.equal(
      headers['content-type'],
      z.object({ mediaType: z.string() }).parse(JSON.parse(body.toString())).mediaType,
    )
  })

  it('its referrers are an index', async () => {
    const path = `${known.repository}/referrers/${known.manifest.digest}`
    index.parse(JSON.parse((await expectStatus({ path }, [200])).body.toString()))
  })
})

describe('content that is missing', () => {
  const missing: readonly (readonly [name: string, path: string, states: readonly number[]])[] = [
    ['a manifest by digest', `/v2/hello/manifests/${randomDigest()}`, [404]],
    ['a manifest by tag', `/v2/hello/manifests/missing-${randomBytes(8).toString('hex')}`, [404]],
    ['a manifest by a digest of a bad format', '/v2/hello/manifests/sha256:baddigeststring', [400, 404]],
    ['a blob', `/v2/hello/blobs/${randomDigest()}`, [404]],
  ]
  for (const method of ['HEAD', 'GET']) {
    for (const [name, path, states] of missing) {
      it(`${method} of ${name}`, async () => {
        const { headers } = await expectStatus({ method, path, headers: accept }, states)
        assert.equal(headers['docker-content-digest'], undefined)
      })
    }
  }
})

describe('ranges', () => {
  const ranges: readonly (readonly [
    range: string,
    bounds: ((size: number) => readonly [number, number]) | 416,
  ])[] = [
    ['bytes=500-1499', () => [500, 1499]],
    ['bytes=500-', (size) => [500, size - 1]],
    ['bytes=-500', (size) => [size - 500, size - 1]],
    ['bytes=2000-50000000', (size) => [2000, size - 1]],
    ['bytes=500-0', 416],
    ['bytes=50000000-100000000', 416],
  ]
  for (const [range, bounds] of ranges) {
    it(range, async () => {
      const { digest, size, bytes } = known.layer
      const question = { path: `${known.repository}/blobs/${digest}`, headers: ['range', range] }
      if (bounds === 416) return void (await expectStatus(question, [416]))
      const [start, end] = bounds(size)
      const { headers, body } = await expectStatus(question, [206], digest)
      assert.equal(headers['content-range'], `bytes ${start}-${end}/${size}`)
      assert.equal(headers['content-length'], `${end - start + 1}`)
      assert.ok(body.equals(bytes.subarray(start, end + 1)))
    })
  }
})
