import { stripVTControlCharacters } from 'node:util'
import { matrixSet } from './folders.js'

/** Notes of clients that say nothing of the error: retries, and advice about the machine. */
const note = /level=(?:info|warning|debug)|^WARNING:/

/** What a client printed about an error, without what differs from run to run. */
export function readableError(stderr: string): string {
  return stripVTControlCharacters(stderr)
    .split('\n')
    .filter((line) => !note.test(line) && line.trim() !== '')
    .map((line) => line.replace(/^(?:time="[^"]*"|[\d/]+ [\d:]+) /, ''))
    .filter((line, at, lines) => line !== lines[at - 1])
    .join('\n')
    .replaceAll('\\n', '\n')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(matrixSet, 'SET')
    .replaceAll(/\/tmp\/nixery-matrix-\w+\/set/g, 'SET')
    .replaceAll(/\/tmp\/nixery-matrix-\w+\/broken/g, '/var/lib/nixery')
    .replaceAll(/[0-9a-df-np-sv-z]{32}-/g, 'HASH-')
    .replaceAll(/[0-9a-f]{64}/g, 'HASH')
    .replaceAll(/build:[0-9a-f]{8}/g, 'build:ID')
    .trim()
}
