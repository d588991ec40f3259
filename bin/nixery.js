#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pathWithNewerNix } from './newerNix.js'
import { lockedNode, oldestNode, ownNodeIsNew, runToTheEnd } from './newerNode.js'

const self = fileURLToPath(import.meta.url)
const source = new URL('../src/commands/cli.ts', import.meta.url)
const compiled = new URL('../dist/commands/cli.js', import.meta.url)
const locked = lockedNode()

if (ownNodeIsNew()) {
  const path = pathWithNewerNix(process.env['PATH'])
  if (path !== undefined) process.env['PATH'] = path
  await import((existsSync(source) ? source : compiled).href)
} else if (locked !== undefined) {
  process.exitCode = await runToTheEnd(locked, [self, ...process.argv.slice(2)])
} else {
  console.error(
    `nixery needs Node ${oldestNode} or newer; this is ${process.version}.\n` +
      `Install a newer Node, or run "npm ci" in ${fileURLToPath(new URL('..', import.meta.url))}, which brings one.`,
  )
  process.exitCode = 1
}
