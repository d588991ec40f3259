import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '../../src/work/errno.ts'
import { run } from '../support/clients.ts'

const suite = 'github.com/opencontainers/distribution-spec/conformance'

/** The conformance suite as a program, or why there is none. */
export type Suite =
  | { readonly kind: 'built'; readonly program: string; readonly version: string }
  | { readonly kind: 'absent'; readonly why: string }

/**
 * Gets the conformance suite of the OCI distribution-spec as a Go module, and builds it.
 * @param folder for the module that asks for it, and for the program
 * @param version as Go knows versions: `latest`, or one that is pinned
 */
export async function buildSuite(folder: string, version: string): Promise<Suite> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'go.mod'), 'module nixery.test/conformance\n')
  const go = (...args: readonly string[]) => run('go', ['-C', folder, ...args])
  const program = join(folder, 'suite')
  try {
    const steps = [
      ['get', `${suite}@${version}`],
      ['build', '-o', program, suite],
    ]
    for (const step of steps) {
      const { code, stderr } = await go(...step)
      if (code !== 0) return { kind: 'absent', why: `go ${step.join(' ')}: ${stderr.trim()}` }
    }
    const { stdout } = await go('list', '-m', '-f', '{{.Version}}', suite)
    return { kind: 'built', program, version: stdout.trim() }
  } catch (error) {
    if (isMissing(error)) return { kind: 'absent', why: 'Go is not on this machine' }
    throw error
  }
}
