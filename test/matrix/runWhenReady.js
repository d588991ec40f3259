import { join } from 'node:path'
import { runToTheEnd } from '../../bin/newerNode.js'
import { debianPackages, demoTools, gitTools, nodeLibraries } from '../../setup/debianPackages.js'
import { root } from '../../setup/machine.js'
import { nixFor } from '../../setup/newerNix.js'
import { nixEnvironment, nixStore } from '../../setup/nixConfig.js'
import { nodeToUse, npmPackages } from '../../setup/npmPackages.js'
import { makeReady } from '../../setup/ready.js'

const debootstrap = { file: 'debootstrap', package: 'debootstrap', why: 'installs a Debian into a folder' }

/**
 * Runs a program of this folder on a machine that has what clients are tested with. Its exit code becomes
 * that of the process.
 * @param {string} purpose begins a sentence: "To test clients"
 * @param {Parameters<typeof makeReady>[1]} needs beside libraries, Nix and debootstrap
 * @param {readonly string[]} program its file, then its arguments
 */
export async function runWhenReady(purpose, needs, [file = '', ...args]) {
  const tools = [...nodeLibraries, ...nixFor({ demo: true }).tools, ...gitTools, ...demoTools, debootstrap]
  const ready = await makeReady(purpose, [npmPackages(), debianPackages(tools), nixStore(), ...needs])
  if (!ready) process.exitCode = 1
  else
    process.exitCode = await runToTheEnd(
      nodeToUse(),
      [join(root, 'test', 'matrix', file), ...args],
      nixEnvironment(),
    )
}
