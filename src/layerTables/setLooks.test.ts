import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { EvaluationFailed } from '../errors.ts'
import { nodesFrom } from '../layers/testing.ts'
import { createLogger } from '../logger.ts'
import type { Storage } from '../storage/interfaces.ts'
import { createMemoryStorage } from '../storage/memory.testing.ts'
import type { Revision } from '../store/revision.ts'
import { LayerTables } from './layerTables.ts'
import type { Finding, Search } from './search.ts'
import { SetLooks } from './setLooks.ts'

const revision = (id: string, trusted = true): Revision => ({ id, label: id, trusted })

const names = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`)
const found = (count: number, share = 1): Finding => ({
  origin: 'a test',
  nodes: nodesFrom(Object.fromEntries(names(count).map((name) => [name, [1]]))),
  share,
  remarks: [],
})

type Find = (revision: Revision, search: Search) => Promise<Finding>

function looksWith(t: TestContext, find: Find, storage: Storage = createMemoryStorage()) {
  const asked: string[] = []
  const told: string[] = []
  const tables = new LayerTables(storage.records, 'one')
  const looks = new SetLooks({
    tables,
    logger: createLogger('silent'),
    onTable: ({ id }) => told.push(id),
    find: (one, search) => {
      asked.push(one.id)
      return find(one, search)
    },
  })
  t.after(() => looks.stop())
  return { looks, asked, told, tables }
}

/** A look that ends only when it is told to. */
const endless: Find = (_revision, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('ended')))
  })

describe('looks at whole package sets', () => {
  it('make the table of a revision, once, though many ask', async (t) => {
    const { looks, asked, told, tables } = looksWith(t, async () => found(10))
    await Promise.all([1, 2, 3].map(() => looks.prepare(revision('git:1'))))
    assert.deepEqual([asked, told], [['git:1'], ['git:1']])
    assert.equal((await tables.choose(revision('git:1'))).table?.sharing.needed.size, 10)
  })

  it('are not waited for longer than a second, and go on', async (t) => {
    const { looks, asked, told } = looksWith(t, async () => {
      await sleep(1_500)
      return found(10)
    })
    const start = performance.now()
    await looks.prepare(revision('git:1'))
    const waited = performance.now() - start
    assert.ok(waited >= 990 && waited < 1_400, `${waited} ms`)
    assert.deepEqual([asked, told], [['git:1'], []])
    await looks.look(revision('git:1'))
    assert.deepEqual(told, ['git:1'])
  })

  it('keep the newest table if it knows the set, and make a new one if it does not', async (t) => {
    const storage = createMemoryStorage()
    let size = 100
    const { looks, told } = looksWith(t, async () => found(size), storage)
    await looks.look(revision('git:1'))
    size = 105
    await looks.look(revision('git:2'))
    assert.deepEqual(told, ['git:1'])
    size = 106
    await looks.look(revision('git:3'))
    assert.deepEqual(told, ['git:1', 'git:3'])
  })

  it('leave a large set alone, and the next revisions of it, too', async (t) => {
    const large: Find = async (_revision, { signal, onProgress }) => {
      onProgress('attributes', 0, 27_000)
      signal.throwIfAborted()
      return found(10)
    }
    const { looks, asked, told } = looksWith(t, large)
    await looks.look(revision('git:1'))
    await looks.look(revision('git:2'))
    assert.deepEqual([asked, told], [['git:1'], []])
  })

  it('make no table if little is built, of a set that fails, or of a stranger’s commit', async (t) => {
    const { looks, asked, told } = looksWith(t, async ({ id }) => {
      if (id === 'git:fails') throw new EvaluationFailed('the set is broken')
      return id === 'git:empty' ? found(0) : found(10, 0.4)
    })
    for (const id of ['git:little', 'git:empty', 'git:fails']) await looks.look(revision(id))
    await looks.look(revision('git:stranger', false))
    assert.deepEqual([asked, told], [['git:little', 'git:empty', 'git:fails'], []])
  })

  it('are not made of a revision that has a table', async (t) => {
    const storage = createMemoryStorage()
    const first = looksWith(t, async () => found(10), storage)
    await first.looks.look(revision('git:1'))
    await first.tables.choose(revision('git:1'))
    const { looks, asked } = looksWith(t, async () => found(10), storage)
    await looks.look(revision('git:1'))
    assert.deepEqual(asked, [])
  })

  it('run one at a time, and only a few wait', async (t) => {
    const { looks, asked } = looksWith(t, endless)
    for (const id of names(20)) void looks.look(revision(id))
    await sleep(10)
    assert.equal(asked.length, 1)
    const start = performance.now()
    await looks.prepare(revision('git:more'))
    assert.ok(performance.now() - start < 500, 'an image does not wait for what is not looked at')
    await looks.stop()
    assert.equal(asked.length, 1)
  })

  it('end when the server stops', async (t) => {
    const { looks, told } = looksWith(t, endless)
    const looking = looks.look(revision('git:1'))
    await looks.stop()
    await looking
    await looks.look(revision('git:2'))
    assert.deepEqual(told, [])
  })
})
