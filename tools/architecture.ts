/** Checks what the docs take from the code: `node tools/architecture.ts`. With `--write`, mends it. */
import { readFile, writeFile } from 'node:fs/promises'
import { foundation, importTable, rooms } from './importTable.ts'
import { withImportTable } from './importTableText.ts'

const groups = [
  { name: 'the foundation', modules: foundation },
  { name: 'the rooms', modules: rooms },
]
const file = new URL('../docs/architecture.md', import.meta.url)
const page = await readFile(file, 'utf8')
const wanted = withImportTable(page, importTable, groups)
if (page !== wanted) {
  if (process.argv.includes('--write')) await writeFile(file, wanted)
  else {
    console.error(
      "docs/architecture.md: the table of imports is not that of tools/importTable.ts: 'npm run docs' mends it",
    )
    process.exitCode = 1
  }
}
