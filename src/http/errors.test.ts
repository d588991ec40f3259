import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as errors from '../errors.ts'
import { answerTo, errorBody } from './errors.ts'

describe('what an error is answered with', () => {
  const cases: readonly (readonly [Error, number, string])[] = [
    [new errors.InvalidName('x'), 400, 'NAME_INVALID'],
    [new errors.PackagesNotFound([{ attribute: 'x', nearMisses: ['y'] }]), 404, 'MANIFEST_UNKNOWN'],
    [new errors.AmbiguousPackage('x', ['X', 'x']), 404, 'MANIFEST_UNKNOWN'],
    [new errors.UnknownTag('x'), 404, 'MANIFEST_UNKNOWN'],
    [new errors.EvaluationRefused('x', 'is unfree'), 403, 'DENIED'],
    [new errors.BuildFailed('x', undefined, []), 403, 'DENIED'],
    [new errors.BuildTimedOut('x', undefined, []), 403, 'DENIED'],
    [new errors.DeadlineExceeded('x'), 403, 'DENIED'],
    [new errors.QueueFull(5), 429, 'TOOMANYREQUESTS'],
    [new errors.BlobUnknown('x'), 404, 'BLOB_UNKNOWN'],
    [new errors.StorageFailed('x'), 503, 'UNAVAILABLE'],
    [new errors.NixFailed('x'), 503, 'UNAVAILABLE'],
    [new errors.Stopping(), 503, 'UNAVAILABLE'],
    [new Error('secret'), 500, 'UNKNOWN'],
  ]
  for (const [error, status, code] of cases) {
    it(`${error.name} is ${status} ${code}`, () => {
      const answer = answerTo(error)
      assert.deepEqual([answer.status, answer.code], [status, code])
    })
  }

  it('names what is missing, and what is close to it, for people and for programs', () => {
    const answer = answerTo(new errors.PackagesNotFound([{ attribute: 'gti', nearMisses: ['git'] }]))
    assert.match(answer.message, /'gti'.*did you mean git\?/)
    assert.deepEqual(answer.detail, { packages: [{ attribute: 'gti', nearMisses: ['git'] }] })
  })

  it('shows the end of a failed build’s log, and where the whole is', () => {
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`)
    const { message } = answerTo(new errors.BuildFailed('x-1 did not build', '/nix/store/d-x.drv', lines))
    assert.match(message, /^x-1 did not build\n/)
    assert.match(message, /line 39\n/)
    assert.doesNotMatch(message, /line 1\n/)
    assert.match(message, /nix-store --read-log \/nix\/store\/d-x\.drv/)
  })

  it('answers a failed build with its cause, and names the build', () => {
    const refused = new errors.EvaluationRefused('steam', 'steam is unfree')
    const answer = answerTo(new errors.ImageNotBuilt('1234abcd', refused))
    const { detail, ...plain } = answerTo(refused)
    assert.deepEqual(answer, { ...plain, detail: { ...detail, build: '1234abcd' } })
    assert.equal(answerTo(new errors.ImageNotBuilt('1234abcd', new Error('secret'))).detail, undefined)
  })

  it('tells when to try again', () => {
    assert.equal(answerTo(new errors.QueueFull(5)).headers?.['retry-after'], '5')
  })

  it('keeps what nobody foresaw to itself', () => {
    assert.doesNotMatch(JSON.stringify(errorBody(answerTo(new Error('secret')))), /secret/)
  })
})
