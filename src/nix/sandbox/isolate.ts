import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Confinement } from './confine.ts'
import { limitLines, type Launch, type Limits, type Machine, type View } from './launch.ts'
import { inNamespaces } from './namespaces.ts'
import type { Isolation } from './walls.ts'

const confine = fileURLToPath(new URL(`./confine${extname(import.meta.filename)}`, import.meta.url))

/** How to start a program (its path, then its arguments) so that it sees and uses no more than it may. */
export function isolate(
  isolation: Isolation,
  program: readonly string[],
  view: View,
  limits: Limits,
  machine: Machine,
): Launch {
  const limited = [
    '/bin/sh',
    '-c',
    [...limitLines(limits), 'exec "$@"'].join('\n'),
    'nixery-limits',
    ...program,
  ]
  const user = machine.user ? { user: machine.user } : {}
  switch (isolation) {
    case 'namespaces':
      return inNamespaces(program, view, limits, machine)
    case 'landlock': {
      const readable = [...machine.system, ...view.readable]
      const confinement: Confinement = { view: { ...view, readable }, ...user }
      // The limits come after it: Node reserves more addresses than Nix may have.
      return {
        command: process.execPath,
        args: ['--no-warnings', confine, JSON.stringify(confinement), ...limited],
      }
    }
    case 'none':
      return { command: '/bin/sh', args: limited.slice(1), ...user }
  }
}
