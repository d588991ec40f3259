import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Floor } from '../floors.ts'
import type { Section } from '../report.ts'
import { channelSource } from './channelSource.ts'
import { gitSource, lookUps, makeRepository } from './gitSource.ts'
import { pathSource } from './pathSource.ts'

/**
 * Files of the package set, milliseconds between two requests, and times that the slow things are measured.
 */
const extents = {
  full: { files: 43_000, pause: 6_000, rounds: 3 },
  quick: { files: 4_000, pause: 1_000, rounds: 1 },
}

/** Package sets that are as large as Nixpkgs: a folder, a repository, a channel. */
export async function sources(parent: string, quick: boolean) {
  const { files, pause, rounds } = extents[quick ? 'quick' : 'full']
  const folder = join(parent, 'sources')
  await mkdir(folder)
  const path = await pathSource(folder, files, pause)
  const address = await makeRepository(folder, path.tree)
  const git = await gitSource(folder, address, rounds)
  const looked = await lookUps(folder, address, 200)
  const channel = await channelSource(folder, path.tree, rounds)
  const sections: Section[] = [
    {
      title: `A folder of ${files} files`,
      note: `Each after ${pause / 1000} s in which nobody asked for anything. Medians.`,
      rows: path.rows,
    },
    {
      title: 'The same in git, and as a channel',
      note: 'Medians.',
      rows: [...git.rows, ...looked, ...channel],
    },
  ]
  const floors: Floor[] = [...path.floors, ...git.floors]
  return { sections, floors }
}
