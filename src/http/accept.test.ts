import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { mediaTypes } from '../oci/mediaTypes.ts'
import { chooseMediaType } from './accept.ts'

const { ociIndex, dockerManifestList, ociManifest, dockerManifest } = mediaTypes
const offers = [ociIndex, dockerManifestList, ociManifest, dockerManifest] as const

describe('what a client accepts', () => {
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, ociIndex],
    ['', ociIndex],
    ['*/*', ociIndex],
    ['application/*', ociIndex],
    [dockerManifest, dockerManifest],
    [`${dockerManifest}, ${ociManifest}`, ociManifest],
    [`${dockerManifest};q=1.0,${ociManifest};q=0.5`, dockerManifest],
    [`${dockerManifestList}, ${dockerManifest}, */*;q=0.1`, dockerManifestList],
    [`*/*, ${ociIndex};q=0`, dockerManifestList],
    [ociManifest.toUpperCase(), ociManifest],
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', ociIndex],
    ['text/html', ociIndex],
    [';;q=,,;q=2', ociIndex],
  ]
  for (const [header, expected] of cases) {
    it(`${header?.slice(0, 70)} gets ${expected.split('.').slice(-4).join('.')}`, () => {
      assert.equal(chooseMediaType(header, offers), expected)
    })
  }

  it('is always one of the offers', () => {
    const token = fc.constantFrom(...offers, '*/*', 'application/*', 'q=0', 'q=0.5', ';', ',', ' ', 'x')
    const header = fc.oneof(
      fc.string(),
      fc.array(token).map((tokens) => tokens.join('')),
    )
    fc.assert(fc.property(header, (text) => assert.ok(offers.includes(chooseMediaType(text, offers)))))
  })
})
