import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { missingChecks, parseReport, summarize } from './report.ts'

const report = `Test results
OCI Conformance Test: FAIL
  OCI Conformance Test/ping: Pass
  OCI Conformance Test/empty: Pass
    OCI Conformance Test/empty/tag list: Pass
    OCI Conformance Test/empty/referrers: Pass
  OCI Conformance Test/sha256 blobs: Disabled
  OCI Conformance Test/read-only: FAIL
    OCI Conformance Test/read-only/push: Unknown
    OCI Conformance Test/read-only/head: FAIL
      OCI Conformance Test/read-only/head/blob-head: Pass
      OCI Conformance Test/read-only/head/blob-head: FAIL
       - unexpected status code, expected one of [200], received 404
    OCI Conformance Test/read-only/referrers: Skip
     - no filter

Configuration:
  registry: 127.0.0.1:1
  OCI Conformance Test/not/a/check: Pass

OCI Conformance Result: FAIL
  Pass..........................:          4
`

describe('a report of the conformance suite', () => {
  it('is its checks: the leaves of the tree, each as often as it was made', () => {
    assert.deepEqual(
      parseReport(report).map(({ name, outcome }) => `${name} ${outcome}`),
      [
        'ping passed',
        'empty/tag list passed',
        'empty/referrers passed',
        'sha256 blobs skipped',
        'read-only/head/blob-head passed',
        'read-only/head/blob-head failed',
        'read-only/referrers skipped',
      ],
    )
  })

  it('is told in counts, and with reasons for all that did not pass', () => {
    assert.deepEqual(summarize(parseReport(report)).split('\n'), [
      '4 passed, 1 failed, 2 skipped',
      '  skipped sha256 blobs: it writes',
      '  failed read-only/head/blob-head: unexpected status code, expected one of [200], received 404',
      '  skipped read-only/referrers: no filter',
    ])
  })

  it('that lacks a check of the read side, or skips it, is told which', () => {
    const missing = missingChecks(parseReport(report))
    assert.ok(missing.includes('missing-manifest/by-tag'))
    assert.ok(missing.includes('read-only/referrers'))
    assert.ok(!missing.includes('ping'))
  })

  it('that broke off is none', () => {
    assert.throws(() => parseReport(report.slice(0, 300)), /no report/)
  })
})
