/**
 * `npm run bench -- [--json] [--quick] [--only layers,memory,images,serving,sources]`: how fast it is, beside
 * what it would be without its means, measured in the same run. Tables to standard output, or JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rowsOf, type Floor } from './floors.ts'
import { images } from './images/section.ts'
import { makeDatasets } from './packing/dataset.ts'
import { memoryOfOneLayer } from './packing/memory.ts'
import { packing } from './packing/section.ts'
import { asTables, machine, type Section } from './report.ts'
import { serving } from './serving/section.ts'
import { sources } from './sources/section.ts'

const parts = ['layers', 'memory', 'images', 'serving', 'sources'] as const
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: parts.join() },
  },
})
const { quick } = values
const wanted = (part: (typeof parts)[number]) => values.only.split(',').includes(part)
const say = (what: string) => console.error(`bench: ${what}`)

const facts: Record<string, string | number> = machine(quick)
const report = { machine: facts, sections: new Array<Section>() }
const floors: Floor[] = []
const folder = await mkdtemp(join(tmpdir(), 'nixery-bench-'))
try {
  if (wanted('layers') || wanted('memory')) await packLayers()
  if (wanted('images')) {
    say('images')
    const made = await images(folder, quick)
    report.sections.push(...made.sections)
    floors.push(...made.floors)
  }
  if (wanted('serving')) {
    say('serving')
    const made = await serving(folder, quick)
    report.sections.push(...made.sections)
    floors.push(...made.floors)
  }
  if (wanted('sources')) {
    say('sources')
    const made = await sources(folder, quick)
    report.sections.push(...made.sections)
    floors.push(...made.floors)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
facts['load after'] = loadavg()[0] ?? 0
report.sections.push({
  title: 'To reach',
  note: 'On two cores with nothing else to do.',
  rows: rowsOf(floors),
})
console.log(values.json ? JSON.stringify(report, undefined, 2) : asTables(report))

async function packLayers(): Promise<void> {
  say('data')
  const { datasets, all } = await makeDatasets(folder, quick)
  if (wanted('layers')) {
    say('layers')
    const made = await packing(datasets, folder)
    report.sections.push(made.section)
    floors.push(...made.floors)
  }
  if (wanted('memory')) {
    say('memory')
    const made = await memoryOfOneLayer(all, folder)
    report.sections.push({
      title: 'One large layer',
      note: 'Memory is that of the whole process with its threads.',
      rows: made.rows,
    })
    floors.push(...made.floors)
  }
}
