/**
 * Something that this machine lacks.
 * @typedef {object} Need
 * @property {readonly { name: string, why: string }[]} parts as people know them
 * @property {readonly string[]} obstacles why it cannot be had here, and what to do about it; none: it can
 * @property {string} step what is done to get it
 * @property {() => Promise<void>} get
 */

/**
 * Gets all that is missing, in order; when anything of it cannot be had, says so and gets nothing.
 * @param {string} purpose what the machine is made ready for: `To start`
 * @param {readonly (Need | undefined)[]} inspected one for each thing that was looked for; undefined: it is
 * there
 * @returns {Promise<boolean>} whether all is there now
 */
export async function makeReady(purpose, inspected) {
  const needs = inspected.filter((need) => need !== undefined)
  if (needs.length === 0) return true
  const impossible = needs.flatMap((need) => need.obstacles)
  console.log(`\n${purpose}, this machine lacks:\n`)
  const parts = needs.flatMap((need) => need.parts)
  const width = Math.max(...parts.map(({ name }) => name.length))
  for (const { name, why } of parts) console.log(`  ${name.padEnd(width)}  ${why}`)
  if (impossible.length > 0) {
    console.log('\nNothing was installed or changed:\n')
    for (const obstacle of impossible) console.log(`  ${obstacle}`)
    console.log()
    return false
  }
  console.log()
  for (const need of needs) if (!(await get(need))) return false
  return true
}

/** @param {Need} need */
async function get({ step, get }) {
  const start = performance.now()
  process.stdout.write(`  ${step} … `)
  try {
    await get()
    console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`)
    return true
  } catch (error) {
    console.log(`failed\n\n${String(error instanceof Error ? error.message : error)}\n`)
    return false
  }
}
