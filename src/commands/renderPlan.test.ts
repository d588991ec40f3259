import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toStorePath } from '../store/storePath.ts'
import type { LayerPlan } from '../layers/plan.ts'
import { planAsJson, planAsTable } from './renderPlan.ts'

const [a, b] = ['0', '1'].map((digit) => toStorePath(`/nix/store/${digit.repeat(32)}-p${digit}`))
assert.ok(a !== undefined && b !== undefined)

const plan: readonly LayerPlan[] = [
  { storePaths: [a, b], size: 12_345_678, rating: 98_765_424, head: b, reason: 'merged (2 groups)' },
  { storePaths: [], size: 0, rating: 0, head: a, reason: 'root' },
]

test('for programs a plan is a JSON array of contents, size and rating', () => {
  assert.deepEqual(JSON.parse(planAsJson(plan)), [
    { contents: [a, b], size: 12_345_678, mergeRating: 98_765_424 },
    { contents: [], size: 0, mergeRating: 0 },
  ])
  assert.deepEqual(JSON.parse(planAsJson([])), [])
})

test('for people a plan is a table with the reason of each layer', () => {
  assert.equal(
    planAsTable(plan),
    [
      'layer   rating    MB  paths  why                headed by',
      `    1  9.88e+7  12.3      2  merged (2 groups)  ${'1'.repeat(32)}-p1`,
      `    2  0.00e+0   0.0      0  root               ${'0'.repeat(32)}-p0`,
      '',
    ].join('\n'),
  )
})
