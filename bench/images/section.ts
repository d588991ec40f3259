import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Floor } from '../floors.ts'
import type { Section } from '../report.ts'
import { eightAtOnce } from './eightAtOnce.ts'
import { newCombinations } from './newCombinations.ts'
import { restart } from './restart.ts'

/**
 * Names of images, so that all packages of the combinations are known by the time when these are asked for.
 */
const names = {
  full: ['shell', 'ffmpeg', 'gcc', 'git', 'htop', 'jq', 'nodejs', 'python3'],
  quick: ['shell', 'curl', 'gawk', 'git', 'htop', 'jq', 'nano', 'python3'],
}

/** Whole images by HTTP, on the demo set. */
export async function images(parent: string, quick: boolean) {
  const eight = quick ? names.quick : names.full
  const folder = join(parent, 'images')
  await mkdir(folder)
  const sections: Section[] = []
  const floors: Floor[] = []
  const first = await eightAtOnce(eight, folder)
  sections.push(first.section)
  floors.push(...first.floors)
  sections.push(await restart(eight, first.warm))
  const combined = await newCombinations(first.warm, folder)
  sections.push(combined.section)
  floors.push(...combined.floors)
  return { sections, floors }
}
