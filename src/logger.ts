import { pino, type Logger, type LevelWithSilent } from 'pino'
import { redact } from './work/redact.ts'

export type { Logger } from 'pino'

/** Nothing that is logged has a secret in it, wherever it came from. */
const hooks = { streamWrite: redact }

/** Structured lines on stdout; pretty when stdout is a terminal. */
export function createLogger(level: LevelWithSilent = 'info'): Logger {
  if (!process.stdout.isTTY) return pino({ level, hooks })
  return pino({
    level,
    hooks,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
  })
}
