import { statSync } from 'node:fs'
import { join } from 'node:path'
import { runToTheEnd } from '../bin/newerNode.js'
import { runWithoutLeftovers } from './leftovers.js'
import { root } from './machine.js'
import { nixEnvironment } from './nixConfig.js'
import { nodeToUse } from './npmPackages.js'
import { makeReadyToTest } from './testMachine.js'

const folders = ['src', 'demo', 'test', 'tools']

/** Test files that run at once. */
const concurrency = 2

/** Milliseconds after which a test, or a whole file of them, has hung. */
const timeout = 600_000

/** Folders stand for the tests in them; options of Node's own pass through. @param {string} argument */
function pattern(argument) {
  const isFolder = statSync(join(root, argument), { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? join(argument, '**', '*.test.ts') : argument
}

const given = process.argv.slice(2)
const options = given.filter((argument) => argument.startsWith('-'))
const chosen = given.filter((argument) => !argument.startsWith('-'))

if (await makeReadyToTest()) {
  const args = [
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeout}`,
    `--test-reporter=${join(root, 'setup', 'testReporter.js')}`,
    '--test-reporter-destination=stdout',
    ...options,
    ...(chosen.length > 0 ? chosen : folders).map(pattern),
  ]
  process.chdir(root)
  process.exitCode = await runWithoutLeftovers(nixEnvironment(), (own) => runToTheEnd(nodeToUse(), args, own))
} else {
  process.exitCode = 1
}
