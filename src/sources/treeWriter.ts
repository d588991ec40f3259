import { closeSync, copyFileSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs'

/** A tarball that is refused, and why. */
export class TarballRefused extends Error {}

/** What a tarball has besides folders. */
interface TarEntry {
  /** As it stands in the tarball, one character a byte (latin1). */
  readonly name: string
  readonly kind: 'file' | 'symlink' | 'hardlink'
  /** Target of a link, one character a byte. */
  readonly target: string
  readonly executable: boolean
}

type Kind = 'folder' | 'file' | 'symlink'

/**
 * Writes what a tarball has to a new folder, without its top folder, of which there must be exactly one, as
 * Nix demands. Nothing gets out of the folder: files are written only into folders that this has made itself,
 * so never through a link; nothing is written twice; and a link that leads out is refused, as is any name
 * that does.
 */
export class TreeWriter {
  readonly #folder: string
  readonly #kinds = new Map<string, Kind>([['', 'folder']])
  #top: string | undefined

  /** @param folder exists, and is empty */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws TarballRefused */
  addFolder(entryName: string): void {
    const name = this.#nameOf(entryName)
    if (this.#kinds.get(name) === 'folder') return
    this.#prepare(name)
    this.#kinds.set(name, 'folder')
    mkdirSync(this.#pathOf(name))
  }

  /** @returns takes the content of a file, then its end @throws TarballRefused */
  addFile({ name: entryName, executable }: TarEntry): { write(chunk: Uint8Array): void; end(): void } {
    const name = this.#nameOf(entryName)
    this.#prepare(name)
    this.#kinds.set(name, 'file')
    const file = openSync(this.#pathOf(name), 'wx', executable ? 0o777 : 0o666)
    return {
      write: (chunk) => {
        for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done)
      },
      end: () => closeSync(file),
    }
  }

  /** @throws TarballRefused if it leads out of the folder */
  addLink({ name: entryName, target }: TarEntry): void {
    const name = this.#nameOf(entryName)
    this.#prepare(name)
    requireInside(name, target)
    this.#kinds.set(name, 'symlink')
    symlinkSync(Buffer.from(target, 'latin1'), this.#pathOf(name))
  }

  /**
   * A copy takes the place of a second name. @throws TarballRefused if the first name is not a file of the
   * tarball
   */
  addHardLink({ name: entryName, target }: TarEntry): void {
    const name = this.#nameOf(entryName)
    const first = this.#nameOf(target)
    if (this.#kinds.get(first) !== 'file')
      throw refused(name, `is a link to ${shown(first)}, which is no file`)
    this.#prepare(name)
    this.#kinds.set(name, 'file')
    copyFileSync(this.#pathOf(first), this.#pathOf(name))
  }

  /** @throws TarballRefused if there was nothing in it */
  end(): void {
    if (this.#top === undefined) throw new TarballRefused('it has nothing in it')
  }

  /** The name below the top folder, empty for that itself. */
  #nameOf(entryName: string): string {
    if (entryName.startsWith('/')) throw refused(entryName, 'is an absolute name')
    const parts = entryName.split('/').filter((part) => part !== '' && part !== '.')
    if (parts.includes('..')) throw refused(entryName, 'leads out of its folder')
    if (entryName.includes('\0')) throw refused(entryName, 'has an impossible name')
    const [top = '', ...rest] = parts
    this.#top ??= top
    if (top !== this.#top) throw new TarballRefused('it has more than one file or folder at its top')
    return rest.join('/')
  }

  /** Makes the folders that a name is in. */
  #prepare(name: string): void {
    if (name === '') throw new TarballRefused('it has no folder at its top')
    if (this.#kinds.has(name)) throw refused(name, 'is in it twice')
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      const parent = name.slice(0, at)
      const kind = this.#kinds.get(parent)
      if (kind === 'folder') continue
      if (kind !== undefined) throw refused(name, `is below ${shown(parent)}, which is no folder`)
      this.#kinds.set(parent, 'folder')
      mkdirSync(this.#pathOf(parent))
    }
  }

  #pathOf(name: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.#folder}/`), Buffer.from(name, 'latin1')])
  }
}

/**
 * A target may go up first and then down. What goes up later could start in a folder that another link leads
 * to, so that nobody can say where it ends.
 */
function requireInside(name: string, target: string): void {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const down = parts.findIndex((part) => part !== '..')
  const up = down < 0 ? parts.length : down
  const depth = name.split('/').length - 1
  if (target.startsWith('/') || target === '' || up > depth || parts.lastIndexOf('..') >= up)
    throw refused(name, `is a link to ${shown(target)}, which leads out of the package set`)
}

function refused(name: string, why: string): TarballRefused {
  return new TarballRefused(`${shown(name)} ${why}`)
}

/** Characters of a name in a message. */
const mostShown = 200

function shown(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8')
  return JSON.stringify(text.length > mostShown ? `${text.slice(0, mostShown)}…` : text)
}
