import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { assemble, faultsIn } from './lifetime.ts'

/** Parts that write down their names when they are closed, and fail if they are told to. */
function setUp() {
  const closed: string[] = []
  const part = (name: string, fault?: Error) => async () => {
    await soon()
    closed.push(name)
    if (fault) throw fault
  }
  return { closed, part }
}

test('parts are closed one after the other, the last one first', async () => {
  const { closed, part } = setUp()
  const whole = await assemble(async (stack) => {
    stack.defer(part('a'))
    stack.defer(part('b'))
    stack.defer(part('c'))
    return { answer: 42 }
  })
  assert.equal(whole.answer, 42)
  await whole.close()
  assert.deepEqual(closed, ['c', 'b', 'a'])
})

test('later calls of close return the promise of the first one', async () => {
  const { closed, part } = setUp()
  const whole = await assemble(async (stack) => {
    stack.defer(part('a'))
    return {}
  })
  const first = whole.close()
  assert.equal(whole.close(), first)
  await first
  assert.equal(whole.close(), first)
  await whole[Symbol.asyncDispose]()
  assert.deepEqual(closed, ['a'])
})

test('if making fails, the parts that are there are closed, and the fault is thrown on', async () => {
  const { closed, part } = setUp()
  const fault = new Error('no c')
  const making = assemble(async (stack) => {
    stack.defer(part('a'))
    stack.defer(part('b'))
    throw fault
  })
  await assert.rejects(making, (error) => error === fault)
  assert.deepEqual(closed, ['b', 'a'])
})

test('a part that cannot be closed does not keep the others from it', async () => {
  const { closed, part } = setUp()
  const [b, c] = [new Error('b'), new Error('c')]
  const whole = await assemble(async (stack) => {
    stack.defer(part('a'))
    stack.defer(part('b', b))
    stack.defer(part('c', c))
    return {}
  })
  const fault: unknown = await whole.close().catch((error: unknown) => error)
  assert.deepEqual(closed, ['c', 'b', 'a'])
  assert.deepEqual(faultsIn(fault), [c, b])
})

test('of a start that fails, and a part that then cannot be closed, both faults are thrown', async () => {
  const { part } = setUp()
  const [start, close] = [new Error('start'), new Error('close')]
  const making = assemble(async (stack) => {
    stack.defer(part('a', close))
    throw start
  })
  await assert.rejects(making, (error) => {
    assert.deepEqual(faultsIn(error), [start, close])
    return true
  })
})
