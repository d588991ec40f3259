import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidData } from '../errors.ts'
import { parseReferenceGraph } from './graph.ts'

const [a, b, c] = ['a', 'b', 'c'].map((name) => `/nix/store/${name.repeat(32)}-${name}`)

function refused(value: unknown, message: RegExp): void {
  assert.throws(
    () => parseReferenceGraph(typeof value === 'string' ? value : JSON.stringify(value)),
    (error) => error instanceof InvalidData && message.test(error.message),
  )
}

test('what Nix writes for exportReferencesGraph is read, less the self references', () => {
  const written = {
    builder: '/bin/sh',
    exportReferencesGraph: { graph: [a] },
    graph: [
      { path: a, narSize: 3, closureSize: 5, narHash: 'sha256:0', references: [a, b], valid: true },
      { path: b, narSize: 2, closureSize: 2, narHash: 'sha256:1', references: [] },
    ],
  }
  assert.deepEqual(parseReferenceGraph(JSON.stringify(written)), {
    roots: [a],
    nodes: [
      { path: a, size: 3, closureSize: 5, references: [b] },
      { path: b, size: 2, closureSize: 2, references: [] },
    ],
  })
})

test('roots and one of the two sizes may be missing', () => {
  const graph = [
    { path: a, narSize: 3, references: [b, b] },
    { path: b, closureSize: 2, references: [] },
  ]
  assert.deepEqual(parseReferenceGraph(JSON.stringify({ graph })), {
    roots: [],
    nodes: [
      { path: a, size: 3, references: [b] },
      { path: b, size: 2, closureSize: 2, references: [] },
    ],
  })
})

test('a graph that is not whole is refused, saying which path is missing for which', () => {
  refused(
    { graph: [{ path: a, narSize: 1, references: [b] }] },
    /a refers to .*-b, which is not in the graph$/,
  )
  refused({ exportReferencesGraph: { graph: c }, graph: [] }, /-c was asked for, but is not in the graph$/)
  const twice = { path: a, narSize: 1, references: [] }
  refused({ graph: [twice, twice] }, /-a comes twice/)
})

test('many faults are counted, not listed', () => {
  const references = Array.from({ length: 10 }, (_, i) => `${b}${i}`)
  refused({ graph: [{ path: a, narSize: 1, references }] }, /b0.*b1.*b2.*; and 7 more$/)
})

test('what is not such a graph is refused, saying where it differs', () => {
  refused('{', /JSON/)
  refused({}, /graph/)
  refused(
    { graph: [{ path: '/etc/passwd', narSize: 1, references: [] }] },
    /not a store path.*graph\[0\]\.path/s,
  )
  refused({ graph: [{ path: a, references: [] }] }, /neither narSize nor closureSize/)
  refused({ graph: [{ path: a, narSize: -1, references: [] }] }, /narSize/)
})
