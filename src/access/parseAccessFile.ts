import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { AccessFileError } from './accessFileError.ts'
import { accessSchema, type AccessDescription } from './accessSchema.ts'

/** Parts of a path in the document, as zod names them. */
type Path = readonly PropertyKey[]

/**
 * Parses the text of an access file.
 * @param file its name, for messages
 * @throws AccessFileError with every fault and its line
 */
export function parseAccessFile(text: string, file: string): AccessDescription {
  const lines = new LineCounter()
  // Aliases are not needed here, and a few lines of them can stand for gigabytes.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const faultAt = (offset: number, message: string) => `${file}:${lines.linePos(offset).line}: ${message}`
  if (document.errors.length > 0)
    throw new AccessFileError(document.errors.map(({ pos: [start], message }) => faultAt(start, message)))
  const parsed = accessSchema.safeParse(plain(document, file))
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(expand)
  const semantic = parsed.success ? faultsBetween(parsed.data) : []
  const faults = [...issues, ...semantic]
    .map(({ path, message }) => ({ offset: offsetOf(document, path), path, message }))
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, message }) => faultAt(offset, [shown(path), message].filter(Boolean).join(' ')))
  if (!parsed.success || faults.length > 0) throw new AccessFileError(faults)
  return parsed.data
}

function plain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new AccessFileError([`${file}:1: ${cause instanceof Error ? cause.message : String(cause)}`])
  }
}

interface Fault {
  readonly path: Path
  readonly message: string
}

/** Unknown keys come together in one issue, but each is on a line of its own. */
function expand(issue: z.core.$ZodIssue): readonly Fault[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: messageOf(issue) }]
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not known here' }))
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.message
}

/** Faults that only several values together have. */
function faultsBetween({ issuers, rules }: AccessDescription): readonly Fault[] {
  const names = new Set(issuers.map(({ name }) => name))
  const twice = issuers.flatMap(({ name }, index) =>
    issuers.findIndex((one) => one.name === name) < index
      ? [{ path: ['issuers', index, 'name'], message: `'${name}' is there twice` }]
      : [],
  )
  const inRules = rules.flatMap((rule, index): readonly Fault[] => [
    ...(rule.message !== undefined && rule.action === 'allow'
      ? [{ path: ['rules', index, 'message'], message: 'is only for rules that deny' }]
      : []),
    ...rule.who.flatMap((who, at) =>
      typeof who === 'object' && !names.has(who.issuer)
        ? [{ path: ['rules', index, 'who', at, 'issuer'], message: `'${who.issuer}' is not in 'issuers'` }]
        : [],
    ),
  ])
  return [...twice, ...inRules]
}

/** Where a value begins in the text, or else the nearest thing around it that is there. */
function offsetOf(document: Document, path: Path): number {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents
  const key = path.at(-1)
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key)
    if (isNode(pair?.key) && pair.key.range) return pair.key.range[0]
  }
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/** `rules[2].packages` */
function shown(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('')
}
