import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MembersInOrder } from './membersInOrder.ts'

test('members are passed on in the order in which they were told, whenever they are there', async () => {
  const passed: number[] = []
  const members = new MembersInOrder(([first = 0]) => void passed.push(first))
  const [second, fourth] = [
    Promise.withResolvers<Uint8Array<ArrayBuffer>>(),
    Promise.withResolvers<Uint8Array<ArrayBuffer>>(),
  ]
  members.add(Uint8Array.of(1))
  const later = [members.addLater(second.promise)]
  members.add(Uint8Array.of(3))
  later.push(members.addLater(fourth.promise))
  fourth.resolve(Uint8Array.of(4))
  await later[1]
  assert.deepEqual(passed, [1])
  second.resolve(Uint8Array.of(2))
  await later[0]
  assert.deepEqual(passed, [1, 2, 3, 4])
})

test('nothing is passed on after a member that never comes', async () => {
  const passed: number[] = []
  const members = new MembersInOrder(([first = 0]) => void passed.push(first))
  const lost = members.addLater(Promise.reject(new Error('lost')))
  members.add(Uint8Array.of(2))
  await assert.rejects(lost, /lost/)
  assert.deepEqual(passed, [])
})
