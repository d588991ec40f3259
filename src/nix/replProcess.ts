import { randomUUID } from 'node:crypto'
import { usageOf } from '../process/usage.ts'
import { Session, type SessionOptions } from '../process/session.ts'

/** Milliseconds in which a REPL ends by itself when its input does. */
const GRACE_MS = 1_000
/**
 * A line that no input can end with. `nix repl` waits for more input if any file that it parses ends too
 * early, as a set with an unclosed brace does: what it was still waiting with becomes a syntax error, and the
 * next line is new.
 */
const END_OF_INPUT = ')'
/** Bytes: an answer holds all names of a package set where a package is missing. */
const MAX_ANSWER = 16 * 1024 * 1024

/**
 * A `nix repl` that evaluates one expression after the other and keeps what it has evaluated. Its input is
 * echoed and its output decorated; marks that the expressions make out of two halves tell answers from all
 * that.
 */
export class ReplProcess {
  readonly #session: Session

  /** @param command of a program that is, or becomes, `nix repl --quiet` */
  constructor(
    command: string,
    args: readonly string[],
    options: Omit<SessionOptions, 'maxLine' | 'graceMs'>,
  ) {
    this.#session = new Session(command, args, { ...options, maxLine: MAX_ANSWER, graceMs: GRACE_MS })
  }

  /** Undefined before it has started. */
  get pid(): number | undefined {
    return this.#session.pid
  }

  get alive(): boolean {
    return this.#session.alive
  }

  /** Gives a name to a value, which is evaluated when it is needed. */
  bind(name: string, expression: string): void {
    this.#session.write(`${name} = ${expression}`)
  }

  /**
   * The text that an expression evaluates to, or undefined when it cannot be evaluated or the process ended.
   * One at a time. @throws the signal's reason; the process is ended then
   */
  async text(expression: string, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted()
    const mark = randomUUID()
    const quoted = `"${mark.slice(0, 18)}" + "${mark.slice(18)}`
    let answer: string | undefined
    const done = new Promise<void>((resolve) => {
      this.#session.onLine = (line) => {
        const text = plain(line)
        if (text === `"${mark}."`) resolve()
        else if (text.startsWith(`"${mark}:`)) answer = unquote(text.slice(mark.length + 2, -1))
      }
    })
    const abort = () => void this.close()
    signal.addEventListener('abort', abort)
    this.#session.ref()
    try {
      this.#session.write(`${quoted}:" + ${expression}`)
      this.#session.write(END_OF_INPUT)
      this.#session.write(`${quoted}."`)
      await Promise.race([done, this.#session.closed])
      signal.throwIfAborted()
      return answer
    } finally {
      signal.removeEventListener('abort', abort)
      this.#session.onLine = () => {}
      this.#session.unref()
    }
  }

  /** Bytes of memory that it holds; 0 if that is not known. */
  async memory(): Promise<number> {
    const { pid } = this.#session
    return pid === undefined ? 0 : (await usageOf(pid)).memory
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}

/** A line without the sequences that colour it. */
function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex -- ESC is what such a sequence begins with
  return line.replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, '')
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** The inside of a string as Nix prints it. */
function unquote(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, character: string) => escapes[character] ?? character)
}

/** A string of the Nix language. */
export function nixString(text: string): string {
  return `"${text
    .replaceAll(/["\\]|\$(?=\{)/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')}"`
}
