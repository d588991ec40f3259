import { Readable } from 'node:stream'
import { spec as Spec } from 'node:test/reporters'

/**
 * Node's own report, except that the counts are its last lines also when tests have failed: a reader of the
 * log looks there first.
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} events
 */
export default async function* report(events) {
  /** @type {string[]} */
  const counts = []
  async function* withoutCounts() {
    for await (const event of events) {
      // Diagnostics of a test carry its file; those of the whole run do not.
      if (event.type === 'test:diagnostic' && event.data.file === undefined) counts.push(event.data.message)
      else yield event
    }
  }
  yield* Readable.from(withoutCounts()).pipe(new Spec())
  yield `\n${counts.map((count) => `ℹ ${count}\n`).join('')}`
}
