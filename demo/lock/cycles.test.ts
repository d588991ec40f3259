import assert from 'node:assert/strict'
import test from 'node:test'
import { components } from './cycles.ts'

//  a -> b <-> c -> d
//  e -> d, e -> e
const graph = new Map([
  ['e', ['d', 'e']],
  ['c', ['b', 'd']],
  ['a', ['b']],
  ['b', ['c']],
  ['d', []],
])

test('a cycle is one component, and dependencies come first', () => {
  assert.deepEqual(components(graph), [['d'], ['b', 'c'], ['a'], ['e']])
})

test('the order of the nodes does not matter', () => {
  assert.deepEqual(components(new Map([...graph].toReversed())), components(graph))
})
