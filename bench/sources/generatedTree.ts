import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomNumbers } from '../data/random.ts'

/** Bytes of a file on average, as in Nixpkgs. */
const averageSize = 3_400
/** Files of a folder on average, as in Nixpkgs, most of whose packages have a folder of their own. */
const filesInFolder = 1.4

/**
 * Writes a folder that is as large as Nixpkgs, in as many folders, to be looked at and never to be evaluated.
 * @param files 43,000 in Nixpkgs of 2026
 */
export function generateTree(folder: string, files: number): void {
  const random = randomNumbers(1)
  const letters = () => Math.floor(random() * 26 ** 2).toString(26)
  let within = folder
  for (let at = 0; at < files; at++) {
    if (at === 0 || random() < 1 / filesInFolder) {
      within = join(folder, 'by-name', letters(), `package-${at}`)
      mkdirSync(within, { recursive: true })
    }
    const size = Math.round(-Math.log(1 - random()) * averageSize)
    const line = `  attribute-${at} = "${random()}";\n`
    writeFileSync(join(within, `file-${at}.nix`), line.repeat(Math.ceil(size / line.length)).slice(0, size))
  }
}
