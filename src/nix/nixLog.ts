import { stripVTControlCharacters } from 'node:util'
import type { BuildEvent } from '../work/events.ts'
import { Tail } from '../process/tail.ts'
import { activity, INFO_LEVEL, parseLogLine, result, type Fields, type LogLine } from './logLine.ts'

const TAIL_LINES = 40

export interface NixError {
  /** Nix' message without traces, colours and the word `error:`. May have several lines. */
  readonly text: string
  /** File and line of the expression at fault, where Nix knows it. */
  readonly where?: string
}

/** Reads Nix' stderr line by line: tells what happens as events and keeps what an error needs. */
export class NixLog {
  readonly #onEvent: (event: BuildEvent) => void
  readonly #builds = new Map<string, string>()
  readonly #waits = new Map<string, string>()
  readonly #tails = new Map<string, Tail>()
  readonly #other = new Tail(TAIL_LINES)
  readonly #errors: NixError[] = []

  constructor(onEvent: (event: BuildEvent) => void) {
    this.#onEvent = onEvent
  }

  /** In the order in which they came. */
  get errors(): readonly NixError[] {
    return this.#errors
  }

  /** What Nix said last outside of builds and of errors. */
  get messages(): readonly string[] {
    return this.#other.lines
  }

  /** The last lines that a derivation's builder wrote, oldest first. */
  tailOf(derivation: string): readonly string[] {
    return this.#tails.get(derivation)?.lines ?? []
  }

  read(line: string): void {
    const entry = parseLogLine(line)
    switch (entry.kind) {
      case 'error':
        this.#errors.push({ text: entry.text, ...(entry.where ? { where: entry.where } : {}) })
        return
      case 'message':
        if (entry.level <= INFO_LEVEL) this.#say(entry.text)
        return
      case 'text':
        this.#say(entry.text)
        return
      case 'start':
        this.#start(entry)
        return
      case 'result':
        this.#result(entry.id, entry.result, entry.fields)
        return
      case 'stop':
        this.#builds.delete(entry.id)
        if (this.#waits.delete(entry.id)) this.#tellWait()
    }
  }

  #say(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue
      this.#other.push(line)
      this.#onEvent({ kind: 'log', line })
    }
  }

  #start({ id, activity: type, text, fields: [first] }: Extract<LogLine, { kind: 'start' }>): void {
    if (type === activity.buildWaiting) {
      this.#waits.set(id, text)
      this.#tellWait()
    }
    if (typeof first !== 'string') return
    if (type === activity.build) {
      this.#builds.set(id, first)
      this.#onEvent({ kind: 'build', derivation: first })
    }
    if (type === activity.substitute) this.#onEvent({ kind: 'substitute', storePath: first })
  }

  #tellWait(): void {
    this.#onEvent({ kind: 'wait', what: [...this.#waits.values()].at(-1) })
  }

  #result(id: string, type: number, [first]: Fields): void {
    if (typeof first !== 'string') return
    const derivation = this.#builds.get(id)
    const of = derivation === undefined ? {} : { derivation }
    if (type === result.setPhase) this.#onEvent({ kind: 'phase', phase: first, ...of })
    if (type !== result.buildLogLine) return
    const line = stripVTControlCharacters(first).trimEnd()
    if (derivation !== undefined) this.#tailFor(derivation).push(line)
    this.#onEvent({ kind: 'log', line, ...of })
  }

  #tailFor(derivation: string): Tail {
    const tail = this.#tails.get(derivation) ?? new Tail(TAIL_LINES)
    this.#tails.set(derivation, tail)
    return tail
  }
}
