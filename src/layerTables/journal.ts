import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { ClosureNode } from '../layers/plan.ts'
import { storePathSchema } from '../store/storePathSchema.ts'
import { hashPart } from '../store/storePath.ts'

const lineSchema = z.tuple([storePathSchema, z.int().nonnegative(), z.array(storePathSchema)])

/**
 * What was found out of store paths, in a file that is only ever added to, one line for each: it never
 * changes, so whoever is interrupted, even killed, goes on from there.
 */
export class Journal {
  readonly #file: FileHandle
  readonly #known: Map<string, ClosureNode>
  #waiting: string[] = []
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle, known: Map<string, ClosureNode>) {
    this.#file = file
    this.#known = known
  }

  /** A line that was cut off by a kill, and whatever else cannot be read, is forgotten. */
  static async open(path: string): Promise<Journal> {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(path, 'a+')
    const text = await file.readFile('utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole))
    const known = new Map<string, ClosureNode>()
    for (const line of whole.split('\n')) {
      const node = parseLine(line)
      if (node) known.set(hashPart(node.path), node)
    }
    return new Journal(file, known)
  }

  get size(): number {
    return this.#known.size
  }

  get(hash: string): ClosureNode | undefined {
    return this.#known.get(hash)
  }

  /** Remembers a path. Lines that come while one is written are written together. */
  add(node: ClosureNode): void {
    this.#known.set(hashPart(node.path), node)
    this.#waiting.push(`${JSON.stringify([node.path, node.size, node.references])}\n`)
    if (this.#waiting.length > 1) return
    this.#writing = this.#writing.then(() => this.#write())
    // `close` tells of it.
    this.#writing.catch(() => undefined)
  }

  /** Rejects with the fault of the disk where something could not be written. */
  async close(): Promise<void> {
    try {
      await this.#writing
    } finally {
      await this.#file.close()
    }
  }

  async #write(): Promise<void> {
    const lines = this.#waiting
    this.#waiting = []
    await this.#file.appendFile(lines.join(''))
  }
}

function parseLine(line: string): ClosureNode | undefined {
  if (line === '') return undefined
  try {
    const [path, size, references] = lineSchema.parse(JSON.parse(line))
    return { path, size, references }
  } catch {
    return undefined
  }
}
