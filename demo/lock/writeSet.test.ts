import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { debianLists } from './archive.ts'
import { architectureOf, machineSystem } from './debian.ts'
import type { Lock } from './lock.ts'
import { writeSet } from './writeSet.ts'

const scratch = mkdtempSync(join(tmpdir(), 'demo-lock-'))
after(() => rmSync(scratch, { recursive: true }))
const [first, second] = [join(scratch, 'first'), join(scratch, 'elsewhere/second')]

function contentOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
  return Object.fromEntries(paths.map((path) => [path.slice(directory.length), readFileSync(path, 'utf8')]))
}

test('the same package lists give the same set, byte for byte, wherever it is written', () => {
  assert.equal(writeSet(first, [machineSystem]), true)
  assert.equal(writeSet(second, [machineSystem]), true)
  assert.deepEqual(contentOf(first), contentOf(second))
})

test('nothing is written when nothing has changed', () => {
  assert.equal(writeSet(first, [machineSystem]), false)
})

test('the set names no mirror and no directory of this machine', () => {
  const bases = debianLists(architectureOf(machineSystem)).map(({ base }) => base)
  const text = Object.values(contentOf(first)).join('\n')
  for (const word of [...bases, import.meta.dirname, scratch]) {
    assert.ok(!text.includes(word), `the set contains ${word}`)
  }
})

test('every unit that is required is there, and requirements have no circle', () => {
  const lock: Lock = JSON.parse(readFileSync(join(first, `lock.${machineSystem}.json`), 'utf8'))
  const done = new Set<string>()
  const visit = (name: string, above: readonly string[]): void => {
    assert.ok(!above.includes(name), `${[...above, name].join(' -> ')} is a circle`)
    if (done.has(name)) return
    const unit = lock.units[name]
    assert.ok(unit, `${name} is not there`)
    for (const required of unit.requires) visit(required, [...above, name])
    done.add(name)
  }
  for (const { unit } of Object.values(lock.attributes)) visit(unit, [])
  assert.deepEqual([...done].toSorted(), Object.keys(lock.units), 'and no unit is there in vain')
})
