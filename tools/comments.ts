/** Checks that the lines of comments end at the print width. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wideComments } from './commentWidth.ts'

const root = join(import.meta.dirname, '..')
const listed = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.js'],
  { cwd: root, encoding: 'utf8' },
)
// A file that is deleted, but not yet in a commit, is still listed.
const files = listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
const faults = files.flatMap((file) => wideComments(file, readFileSync(join(root, file), 'utf8')))
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
