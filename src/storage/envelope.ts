import { createHash } from 'node:crypto'

/** A record as it is stored: a line with the sha256 of the JSON, then the JSON. */
export function seal(value: unknown): Buffer {
  const body = JSON.stringify(value)
  if (body === undefined) throw new TypeError('a record must be JSON')
  return Buffer.from(`${sum(body)}\n${body}\n`)
}

/** The value, or undefined if the bytes are not exactly what was sealed. */
export function unseal(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  const cut = text.indexOf('\n')
  const body = text.slice(cut + 1, -1)
  if (cut !== 64 || !text.endsWith('\n') || sum(body) !== text.slice(0, cut)) return undefined
  return JSON.parse(body)
}

function sum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
