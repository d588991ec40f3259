import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MembersInOrder } from './membersInOrder.ts'

test('members are passed on in the order in which they were told, whenever they are there', async () => {
  const passed: [number, string][] = []
  const members = new MembersInOrder<string>(([first = 0], note) => void passed.push([first, note]))
  const [second, fourth] = [
    Promise.withResolvers<Uint8Array<ArrayBuffer>>(),
    Promise.withResolvers<Uint8Array<ArrayBuffer>>(),
  ]
  members.add(Uint8Array.of(1), 'a')
  const later = [members.addLater(second.promise, 'b')]
  members.add(Uint8Array.of(3), 'c')
  later.push(members.addLater(fourth.promise, 'd'))
  fourth.resolve(Uint8Array.of(4))
  await later[1]
  assert.deepEqual(passed, [[1, 'a']])
  second.resolve(Uint8Array.of(2))
  await later[0]
  assert.deepEqual(passed, [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
  ])
})

test('nothing is passed on after a member that never comes', async () => {
  const passed: [number, string][] = []
  const members = new MembersInOrder<string>(([first = 0], note) => void passed.push([first, note]))
  const lost = members.addLater(Promise.reject(new Error('lost')), 'a')
  members.add(Uint8Array.of(2), 'b')
  await assert.rejects(lost, /lost/)
  assert.deepEqual(passed, [])
})
