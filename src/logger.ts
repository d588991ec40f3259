import { pino, type Logger, type LevelWithSilent } from 'pino'

export type { Logger } from 'pino'

/** Structured lines on stdout; pretty when stdout is a terminal. */
export function createLogger(level: LevelWithSilent = 'info'): Logger {
  if (!process.stdout.isTTY) return pino({ level })
  return pino({
    level,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
  })
}
