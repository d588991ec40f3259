import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderNamesElsewhere } from './storageFolders.ts'

const folders = ['layers', 'gc/intents']
const faults = (file: string, text: string) => folderNamesElsewhere([{ file, line: 7, text }], folders)

test('a folder of the storage is named in the layout alone', () => {
  assert.deepEqual(faults('src/gc/collector.ts', 'layers'), [
    "src/gc/collector.ts:7 names the folder 'layers' of the storage: take it from src/storage/layout.ts",
  ])
  assert.equal(faults('src/http/blobs.ts', 'layers/').length, 1)
  assert.equal(faults('src/gc/intents.ts', 'gc/intents/1').length, 1)
  assert.deepEqual(faults('src/storage/layout.ts', 'layers'), [])
})

test('other words, other meanings and tests are left alone', () => {
  assert.deepEqual(faults('src/gc/collector.ts', 'layers of an image'), [])
  assert.deepEqual(faults('src/oci/config.ts', 'layers'), [])
  assert.deepEqual(faults('src/gc/collector.test.ts', 'layers'), [])
  assert.deepEqual(faults('test/gc/command.test.ts', 'layers'), [])
})
