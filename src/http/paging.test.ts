import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pageOf } from './paging.ts'

describe('a page of a list', () => {
  const all = ['a', 'b', 'c/d', 'e']

  it('is the whole where nothing is said', () => assert.deepEqual(pageOf(all, {}, '/x'), { items: all }))

  it('names the next, until there is none', () => {
    assert.deepEqual(pageOf(all, { n: '3' }, '/x'), {
      items: ['a', 'b', 'c/d'],
      link: '</x?n=3&last=c%2Fd>; rel="next"',
    })
    assert.deepEqual(pageOf(all, { n: '3', last: 'c/d' }, '/x'), { items: ['e'] })
  })

  it('begins behind an item that is not there', () => {
    assert.deepEqual(pageOf(all, { last: 'bb' }, '/x').items, ['c/d', 'e'])
  })

  it('of no items is empty', () => assert.deepEqual(pageOf(all, { n: '0' }, '/x'), { items: [] }))

  it('of an odd size is refused', () => {
    for (const n of ['-1', 'x', '1.5', '', '0x10', '1e3', '9'.repeat(20)])
      assert.throws(() => pageOf(all, { n }, '/x'), /whole number/)
  })
})
