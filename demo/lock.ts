/** `node demo/lock.ts [--set DIR] [--system SYSTEM]…`: writes the package set out of apt's lists. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSet } from './lock/writeSet.ts'

const { values } = parseArgs({
  options: {
    set: { type: 'string', default: join(import.meta.dirname, '../var/demo/set') },
    system: { type: 'string', multiple: true, default: ['x86_64-linux'] },
  },
})
const changed = writeSet(values.set, values.system)
console.log(`${values.set}: ${changed ? 'written' : 'up to date'}`)
