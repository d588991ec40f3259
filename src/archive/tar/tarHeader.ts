import { isAscii } from 'node:buffer'

/** What a tar entry says of itself. Paths and targets are bytes, relative, without a closing slash. */
export type TarEntry =
  | { readonly kind: 'directory'; readonly path: Buffer; readonly mode: number }
  | { readonly kind: 'file'; readonly path: Buffer; readonly mode: number; readonly size: number }
  | { readonly kind: 'link'; readonly path: Buffer; readonly target: Buffer }

export const blockSize = 512

/** Two zero blocks (POSIX.1-2024, pax, "ustar Interchange Format"). */
export const endOfArchive = Buffer.alloc(2 * blockSize)

/** One second after the epoch, as in the Nix store: some programs take 0 for "unknown". */
const mtime = 1
const linkMode = 0o777
const typeflags = { file: '0', link: '2', directory: '5', extended: 'x' }

/** Where the fields of a ustar header are, and how long. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
} as const satisfies Readonly<Record<string, readonly [offset: number, length: number]>>

const largestUstarSize = 0o77777777777

/**
 * The header blocks of an entry: one of ustar, and before it one of PAX where a path or link target is too
 * long for ustar or not ASCII (the bytes are written as they are, whatever their encoding), or a size is 8
 * GiB or more. Owner is 0:0 without names. One entry, one sequence of bytes.
 */
export function tarHeader(entry: TarEntry): Buffer {
  const { place, path, target, size, records } = describe(entry)
  const header = ustarBlock({
    // A reader that knows no PAX gets the end of the path, which has the slash of a directory.
    ...(place ?? { name: path.subarray(-fields.name[1]) }),
    linkname: target.subarray(0, fields.linkname[1]),
    mode: entry.kind === 'link' ? linkMode : entry.mode,
    size: size > largestUstarSize ? 0 : size,
    typeflag: typeflags[entry.kind],
  })
  return records.length === 0 ? header : Buffer.concat([extendedHeader(Buffer.concat(records)), header])
}

/**
 * The fields of an entry that may be too much for ustar, and the PAX records that it needs where they are.
 */
function describe(entry: TarEntry) {
  const path = entry.kind === 'directory' ? Buffer.concat([entry.path, Buffer.from('/')]) : entry.path
  const target = entry.kind === 'link' ? entry.target : Buffer.alloc(0)
  const size = entry.kind === 'file' ? entry.size : 0
  const place = ustarPlace(path)
  const records: Buffer[] = []
  if (place === undefined) records.push(paxRecord('path', path))
  if (!isAscii(target) || target.length > fields.linkname[1]) records.push(paxRecord('linkpath', target))
  if (size > largestUstarSize) records.push(paxRecord('size', Buffer.from(String(size))))
  return { path, target, size, place, records }
}

/** Zero bytes that fill the last block of a file of `size` bytes. */
export function padding(size: number): Buffer {
  return endOfArchive.subarray(0, (blockSize - (size % blockSize)) % blockSize)
}

interface UstarFields {
  readonly name: Buffer
  readonly prefix?: Buffer
  readonly linkname?: Buffer
  readonly mode: number
  readonly size: number
  readonly typeflag: string
}

/** What all headers have in common. The checksum counts its own field as spaces. */
const template = Buffer.alloc(blockSize)
putOctal(template, 'uid', 0)
putOctal(template, 'gid', 0)
putOctal(template, 'mtime', mtime)
template.write(' '.repeat(fields.checksum[1]), fields.checksum[0])
template.write('ustar\x0000', fields.magic[0])
putOctal(template, 'devmajor', 0)
putOctal(template, 'devminor', 0)

function putOctal(block: Buffer, field: keyof typeof fields, value: number): void {
  const [offset, length] = fields[field]
  block.write(value.toString(8).padStart(length - 1, '0'), offset, length, 'latin1')
}

function ustarBlock({ name, prefix, linkname, mode, size, typeflag }: UstarFields): Buffer {
  const block = Buffer.from(template)
  name.copy(block, fields.name[0])
  prefix?.copy(block, fields.prefix[0])
  linkname?.copy(block, fields.linkname[0])
  putOctal(block, 'mode', mode)
  putOctal(block, 'size', size)
  block.write(typeflag, fields.typeflag[0], 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, fields.checksum[0], 'latin1')
  return block
}

/** How a path is written in ustar, whole or cut at a slash; undefined when it cannot be. */
function ustarPlace(path: Buffer): { readonly name: Buffer; readonly prefix?: Buffer } | undefined {
  const [, nameLength] = fields.name
  const [, prefixLength] = fields.prefix
  if (!isAscii(path)) return undefined
  if (path.length <= nameLength) return { name: path }
  const slash = path.subarray(0, -1).indexOf('/', path.length - nameLength - 1)
  if (slash <= 0 || slash > prefixLength) return undefined
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) }
}

/** A PAX header has no name of its own that matters; it is the same for all. */
function extendedHeader(records: Buffer): Buffer {
  const name = Buffer.from('PaxHeader')
  const header = ustarBlock({ name, mode: 0o444, size: records.length, typeflag: typeflags.extended })
  return Buffer.concat([header, records, padding(records.length)])
}

/**
 * `<length> <key>=<value>\n`, where the length counts its own digits (POSIX.1-2024, pax, "pax Extended
 * Header").
 */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length
  while (length !== rest.length + String(length).length) length = rest.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), rest])
}
