/** `node demo/lock.ts [--set DIR] [--system SYSTEM]…`: makes DIR the package set, out of apt's lists. */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { machineSystem } from './lock/debian.ts'
import { writeSet } from './lock/writeSet.ts'

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: join(import.meta.dirname, '../var/demo/set') },
    system: { type: 'string', multiple: true, default: [machineSystem] },
  },
})
const set = resolve(values.set)
const changed = writeSet(set, values.system)
console.log(`${set}: ${changed ? 'written' : 'up to date'}`)
