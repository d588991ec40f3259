import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runSilently } from './command.js'
import { isInstalled, isWritable, plainEnv, root } from './machine.js'

/** The formatter of Nix files: a crate. It keeps short expressions on one line, unlike nixfmt. */
const crate = { name: 'nixpkgs-fmt', version: '1.3.0' }

const folder = join(root, 'var', 'tools', `${crate.name}@${crate.version}`)
const program = join(folder, 'bin', crate.name)

/** Folders whose files are not ours. */
const foreign = new Set(['node_modules', 'dist', 'var', '.git'])

/**
 * The formatter, built from its source once. If cargo is missing, nothing is lacking: the check is skipped.
 * @returns {import('./ready.js').Need | undefined}
 */
export function nixFormatter() {
  if (existsSync(program) || !isInstalled('cargo')) return undefined
  return {
    parts: [{ name: `${crate.name} ${crate.version}`, why: 'formats Nix files' }],
    obstacles: isWritable(folder) ? [] : [`${crate.name}: ${folder} is not writable for this user.`],
    step: `cargo install ${crate.name}`,
    get: async () => {
      const unfinished = `${folder}~`
      rmSync(unfinished, { recursive: true, force: true })
      mkdirSync(unfinished, { recursive: true })
      // An unoptimised build takes a third of the time.
      const options = ['--version', crate.version, '--locked', '--debug', '--quiet', '--root', unfinished]
      await runSilently('cargo', ['install', crate.name, ...options], plainEnv)
      renameSync(unfinished, folder)
    },
  }
}

/**
 * Formats the project's Nix files, or only checks that they are formatted.
 * @param {{ check: boolean }} how
 * @returns {Promise<string | undefined>} why it was skipped
 * @throws Error that names the files that are not formatted
 */
export async function formatNix({ check }) {
  if (!existsSync(program)) return `there is no cargo to build ${crate.name} with`
  await runSilently(program, [...(check ? ['--check'] : []), ...nixFiles(root)])
  return undefined
}

/** @param {string} directory @returns {readonly string[]} */
function nixFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (foreign.has(entry.name)) return []
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return nixFiles(path)
    return entry.name.endsWith('.nix') ? [path] : []
  })
}
