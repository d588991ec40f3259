import type { BuildEvent } from '../work/events.ts'
import { quote } from './quote.ts'

/** Lines of one evaluation that are passed on: a set may trace as much as it likes. */
const mostLines = 200

/** Passes on what an evaluation logs, printable and bounded. */
export function boundedLog(onEvent: (event: BuildEvent) => void): (event: BuildEvent) => void {
  let lines = 0
  return (event) => {
    if (event.kind !== 'log') return onEvent(event)
    if (isHint(event.line)) return
    lines += 1
    if (lines <= mostLines) onEvent({ ...event, line: quote(event.line) })
    else if (lines === mostLines + 1)
      onEvent({ kind: 'log', line: 'the package set logs more, which is left out' })
  }
}

/** Older versions of Nix say it after each error. */
function isHint(line: string): boolean {
  return line.startsWith("(use '--show-trace'")
}
