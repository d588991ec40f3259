import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseRegistryPath, type RegistryPath } from './registryPath.ts'

const digest = `sha256:${'0'.repeat(64)}`

describe('paths of the registry', () => {
  const cases: readonly (readonly [string, RegistryPath])[] = [
    ['/v2', { kind: 'base' }],
    ['/v2/?ns=host', { kind: 'base' }],
    ['/v2/_catalog?n=10', { kind: 'catalog' }],
    ['/v2/shell/git/manifests/latest', { kind: 'manifest', name: 'shell/git', reference: 'latest' }],
    ['/v2/git/manifests/latest?ns=host', { kind: 'manifest', name: 'git', reference: 'latest' }],
    ['/v2/manifests/manifests/blobs', { kind: 'manifest', name: 'manifests', reference: 'blobs' }],
    [`/v2/a/manifests/b/blobs/${digest}`, { kind: 'blob', name: 'a/manifests/b', reference: digest }],
    ['/v2/a%2Fb/manifests/1%2e0', { kind: 'manifest', name: 'a/b', reference: '1.0' }],
    ['/v2/a/tags/list', { kind: 'tags', name: 'a' }],
    [`/v2/a/referrers/${digest}`, { kind: 'referrers', name: 'a', reference: digest }],
    ['/v2/a/b/blobs/uploads/', { kind: 'upload', name: 'a/b' }],
    ['/v2/a/blobs/uploads', { kind: 'upload', name: 'a' }],
    ['/v2/a/b/blobs/uploads/17', { kind: 'upload', name: 'a/b' }],
    ['/v2/a%252fb/manifests/x', { kind: 'manifest', name: 'a%2fb', reference: 'x' }],
    ['/v2//manifests/latest', { kind: 'manifest', name: '', reference: 'latest' }],
    ['/v2/a/manifests', { kind: 'unknown' }],
    ['/v2/a/other/latest', { kind: 'unknown' }],
    ['/v2/a/constructor/latest', { kind: 'unknown' }],
    ['/v2/%E0%A4%A/manifests/latest', { kind: 'unknown' }],
    ['/v20/a/manifests/latest', { kind: 'unknown' }],
    ['/other', { kind: 'unknown' }],
  ]
  for (const [url, expected] of cases) {
    it(`${url} is ${expected.kind}`, () => assert.deepEqual(parseRegistryPath(url), expected))
  }

  it('are never a reason to throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseRegistryPath(`/v2/${text}`)))
  })

  it('give back name and reference of every manifest', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}$/)
    fc.assert(
      fc.property(fc.array(component, { minLength: 1 }), component, (parts, reference) => {
        const name = parts.join('/')
        assert.deepEqual(parseRegistryPath(`/v2/${name}/manifests/${reference}`), {
          kind: 'manifest',
          name,
          reference,
        })
      }),
    )
  })
})
