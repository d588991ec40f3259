import { kinds, layout, type Copying } from './layout.ts'

/** Folders of which copies are kept near a server. */
export const copiedFolders: readonly string[] = kinds
  .filter(({ copies }) => copies !== 'none')
  .map(({ folder }) => folder)

/** Whether only the server may ever read the record. */
export const isSecret = (key: string): boolean => key.startsWith(layout.signingKeys.folder)

const copyingIn = new Map(kinds.map(({ folder, copies }) => [folder, copies]))

/** How copies treat the record with a key such as `manifests/<hex>`. */
export function copyingOf(key: string): Copying {
  const first = key.indexOf('/')
  const second = key.indexOf('/', first + 1)
  return copyingIn.get(key.slice(0, first)) ?? copyingIn.get(key.slice(0, second)) ?? 'none'
}
