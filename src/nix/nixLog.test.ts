import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BuildEvent } from '../work/events.ts'
import { NixLog } from './nixLog.ts'

const drv = '/nix/store/9r6rwhkzl876brj3nhhnkf0ssl7n5kx2-demo.drv'
const path = '/nix/store/4dzanhsqrqblnd7q4saayh7d84szn13r-demo'
// Both are the same number in JavaScript.
const [first, second] = ['18014398509481985', '18014398509481984']

function read(lines: readonly string[]): { log: NixLog; events: readonly BuildEvent[] } {
  const events: BuildEvent[] = []
  const log = new NixLog((event) => events.push(event))
  for (const line of lines) log.read(line)
  return { log, events }
}

test('builds, phases, substitutions and log lines become events', () => {
  const { log, events } = read([
    `@nix {"action":"start","fields":["${drv}","",1,1],"id":${first},"level":3,"text":"building","type":105}`,
    `@nix {"action":"start","fields":["${path}","https://cache.example"],"id":${second},"level":3,"text":"","type":108}`,
    `@nix {"action":"result","fields":["unpackPhase"],"id":${first},"type":104}`,
    `@nix {"action":"result","fields":["\\u001b[31mred \\"id\\":5\\u001b[0m"],"id":${first},"type":101}`,
    `@nix {"action":"result","fields":[0,1,1,0],"id":${second},"type":105}`,
    `@nix {"action":"stop","id":${first}}`,
    'a plain line',
    '@nix {"action":"msg","level":3,"msg":"these paths will be fetched:\\n  one"}',
    '@nix {"action":"msg","level":5,"msg":"chatter"}',
  ])
  assert.deepEqual(events, [
    { kind: 'build', derivation: drv },
    { kind: 'substitute', storePath: path },
    { kind: 'phase', phase: 'unpackPhase', derivation: drv },
    { kind: 'log', line: 'red "id":5', derivation: drv },
    { kind: 'log', line: 'a plain line' },
    { kind: 'log', line: 'these paths will be fetched:' },
    { kind: 'log', line: '  one' },
  ])
  assert.deepEqual(log.tailOf(drv), ['red "id":5'])
  assert.deepEqual(log.messages, ['a plain line', 'these paths will be fetched:', '  one'])
})

test('what others hold up is told when it begins and when it is over', () => {
  const wait = `waiting for lock on \\u001b[35;1m'${path}'\\u001b[0m`
  const { events } = read([
    `@nix {"action":"start","id":${first},"level":1,"text":"${wait}","type":111}`,
    `@nix {"action":"start","id":${second},"level":1,"text":"waiting for a machine to build '${drv}'","type":111}`,
    `@nix {"action":"stop","id":${second}}`,
    `@nix {"action":"stop","id":${first}}`,
  ])
  assert.deepEqual(events, [
    { kind: 'wait', what: `waiting for lock on '${path}'` },
    { kind: 'wait', what: `waiting for a machine to build '${drv}'` },
    { kind: 'wait', what: `waiting for lock on '${path}'` },
    { kind: 'wait', what: undefined },
  ])
})

test('errors are kept without traces and colours, with their place', () => {
  const { log, events } = read([
    '@nix {"action":"msg","column":9,"file":"/x/default.nix:2:9","level":0,"line":2,"msg":"error: trace…","raw_msg":"cannot add \\u001b[35;1ma string\\u001b[0m"}',
    '@nix {"action":"msg","column":null,"file":null,"level":1,"line":null,"msg":"warning: slow","raw_msg":"slow"}',
  ])
  assert.deepEqual(log.errors, [{ text: 'cannot add a string', where: '/x/default.nix:2' }])
  assert.deepEqual(events, [{ kind: 'log', line: 'warning: slow' }])
})

test('a line that was cut, or makes no sense, is still a line of the log', () => {
  const { events } = read([
    `@nix {"action":"result","fields":["xxxx`,
    '@nix {"action":"dance"}',
    '@nix nonsense',
  ])
  assert.deepEqual(
    events.map((event) => event.kind === 'log' && event.line),
    ['xxxx', '@nix {"action":"dance"}', '@nix nonsense'],
  )
})
