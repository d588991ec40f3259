import assert from 'node:assert/strict'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { pathFor } from '../bench/fleet/packageGraph.ts'
import { run } from './support/clients.ts'

const count = 300
const paths = Array.from({ length: count }, (_, i) => pathFor(`unit${i}`, '1.0'))
/** The last fifty are libraries of all others; what lies between refers to some. */
const graph = paths.map((path, i) => ({
  path,
  narSize: 1000 * (1 + ((i * 7919) % 997)),
  references: [i + 50, i * 2 + 51, 250 + (i % 50)]
    .filter((j) => j > i && j < count)
    .map((j) => paths[j] ?? path),
}))

/** What the benchmark prints, but for times. */
async function bench(location: string): Promise<string> {
  const main = join(import.meta.dirname, '../bench/fleet/main.ts')
  const args = ['--graph', location, '--few', '30', '--many', '60', '--seeds', '1,2']
  const { code, stdout, stderr } = await run(process.execPath, [main, ...args])
  assert.equal(code, 0, stderr)
  const text = stdout.replaceAll(location, 'HERE').replace(/grown in [\d.]+ s/, '')
  return text.split('\n').map(withoutTime).join('\n')
}

/** The first table has nine columns, of which the eighth is the time that a plan takes. */
function withoutTime(line: string): string {
  const cells = line.split(' | ')
  return cells.length === 9 ? cells.toSpliced(7, 1).join(' | ') : line
}

it('the benchmark measures the same in either form of a graph, and again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'nixery-fleet-'))
  t.after(() => rm(folder, { recursive: true }))
  const [file, cache] = [join(folder, 'graph.json'), join(folder, 'cache')]
  await writeFile(file, JSON.stringify({ graph }))
  await mkdir(cache)
  for (const { path, narSize, references } of graph) {
    const names = references.map((reference) => reference.slice('/nix/store/'.length)).join(' ')
    const text = `StorePath: ${path}\nNarSize: ${narSize}\nReferences: ${names}\n`
    await writeFile(join(cache, `${path.slice(11, 43)}.narinfo`), text)
  }
  const first = await bench(file)
  assert.match(first, /\*\*stable forest\*\* \| 1\.\d\d \|/)
  assert.equal(await bench(file), first)
  assert.equal(await bench(cache), first)
})
