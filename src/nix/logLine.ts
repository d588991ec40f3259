import { stripVTControlCharacters } from 'node:util'
import { z } from 'zod'

/** What a line of Nix' stderr says under `--log-format internal-json` (Nix 2.4 and later). */
export type LogLine =
  | { readonly kind: 'error'; readonly text: string; readonly where?: string }
  | { readonly kind: 'message'; readonly level: number; readonly text: string }
  | {
      readonly kind: 'start'
      readonly id: string
      readonly activity: number
      readonly text: string
      readonly fields: Fields
    }
  | { readonly kind: 'result'; readonly id: string; readonly result: number; readonly fields: Fields }
  | { readonly kind: 'stop'; readonly id: string }
  /** A line that is no JSON, such as a warning made before the format was chosen. */
  | { readonly kind: 'text'; readonly text: string }

export type Fields = readonly (string | number)[]

/** ActivityType and ResultType of Nix' `logging.hh`. */
export const activity = {
  copyPath: 100,
  fileTransfer: 101,
  build: 105,
  substitute: 108,
  buildWaiting: 111,
} as const
export const result = { buildLogLine: 101, setPhase: 104 } as const
/** Verbosity of Nix' `error.hh`: messages above this are for those who mend Nix. */
export const INFO_LEVEL = 3

const MARK = '@nix '
const fields = z.array(z.union([z.string(), z.number()])).default([])
const schema = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('msg'),
    level: z.number().default(0),
    msg: z.string(),
    raw_msg: z.string().optional(),
    file: z.string().nullish(),
    line: z.number().nullish(),
  }),
  z.object({
    action: z.literal('start'),
    id: z.string(),
    type: z.number(),
    text: z.string().default(''),
    fields,
  }),
  z.object({ action: z.literal('result'), id: z.string(), type: z.number(), fields }),
  z.object({ action: z.literal('stop'), id: z.string() }),
])

export function parseLogLine(line: string): LogLine {
  if (!line.startsWith(MARK)) return { kind: 'text', text: clean(line) }
  const parsed = schema.safeParse(jsonOf(line.slice(MARK.length)))
  if (!parsed.success) return errorOfCutLine(line) ?? { kind: 'text', text: clean(textOfCutLine(line)) }
  const entry = parsed.data
  switch (entry.action) {
    case 'msg': {
      const { file, line: lineNumber, level } = entry
      const text = clean(entry.msg)
      // Errors come with the bare message beside the one with traces, but for those that a daemon passes on.
      const bare = entry.raw_msg ?? /^error:\s+(.*)$/s.exec(text)?.[1]
      if (bare === undefined || level > 0) return { kind: 'message', level, text }
      const at = file && lineNumber ? { where: positionOf(file, lineNumber) } : {}
      return { kind: 'error', text: clean(bare), ...at }
    }
    case 'start':
      return {
        kind: 'start',
        id: entry.id,
        activity: entry.type,
        text: clean(entry.text),
        fields: entry.fields,
      }
    case 'result':
      return { kind: 'result', id: entry.id, result: entry.type, fields: entry.fields }
    case 'stop':
      return { kind: 'stop', id: entry.id }
  }
}

function jsonOf(text: string): unknown {
  try {
    // Ids hold a process id in their upper half and may be too big for a number.
    return JSON.parse(text.replace(/"id":(\d+)/, '"id":"$1"'))
  } catch {
    return undefined
  }
}

/** Characters of an error in a line that was cut, for which traces may come first. */
const mostOfCutLine = 16_384

/** An error so long that its line was cut. Undefined if it is no error. */
function errorOfCutLine(line: string): LogLine | undefined {
  const start = /^@nix \{"action":"msg",[^]*?"level":0,[^]*?"msg":"/.exec(line.slice(0, mostOfCutLine))?.[0]
  if (start === undefined) return undefined
  const quoted = line.slice(start.length, start.length + mostOfCutLine)
  // Up to the end of the string, or before an escape sequence that was cut.
  const whole = /^(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])*/.exec(quoted)?.[0] ?? ''
  const text = clean(String(jsonOf(`"${whole}"`)))
  const after = text.lastIndexOf('error:')
  return { kind: 'error', text: (after === -1 ? text : text.slice(after + 'error:'.length)).trim() }
}

/** A log line so long that it was cut has lost the end of its JSON, but not its beginning. */
function textOfCutLine(line: string): string {
  return /"fields":\["(.*)/.exec(line)?.[1] ?? line
}

/** Newer versions put line and column into the file's name too. */
function positionOf(file: string, line: number): string {
  return `${file.replace(/(:\d+)+$/, '')}:${line}`
}

function clean(text: string): string {
  return stripVTControlCharacters(text).trimEnd()
}
