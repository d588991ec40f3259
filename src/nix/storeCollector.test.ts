import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { excess } from './storeCollector.ts'

describe('the mark of the store’s disk', () => {
  it('asks for nothing below it, and for a tenth of the disk more than what is above it', () => {
    assert.equal(excess({ total: 1000, used: 800 }, 80), 0)
    assert.equal(excess({ total: 1000, used: 850 }, 80), 150)
    assert.equal(excess({ total: 1000, used: 1000 }, 5), 1000)
  })
})
