import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apt, debianLists, type PackageList } from './archive.ts'

/**
 * The lists of an architecture that this machine does not have. They are downloaded into a state of apt's own
 * under `state`, out of the same archives as the machine's lists; the machine's configuration stays as it is.
 */
export function foreignLists(
  architecture: string,
  own: readonly PackageList[],
  state: string,
): readonly PackageList[] {
  const directories = ['lists/partial', 'cache/archives/partial', 'empty']
  for (const directory of directories) mkdirSync(join(state, directory), { recursive: true })
  const sources = own.map(({ base, suite }) => `deb ${base} ${suite} main\n`)
  writeFileSync(join(state, 'sources.list'), [...new Set(sources)].join(''))
  writeFileSync(join(state, 'status'), '')
  const options = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'Acquire::Languages': 'none',
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': join(state, 'empty'),
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': join(state, 'cache'),
  }
  const flags = Object.entries(options).map(([name, value]) => `-o${name}=${value}`)
  apt('apt-get', [...flags, '-qq', 'update'])
  return debianLists(architecture, flags)
}
