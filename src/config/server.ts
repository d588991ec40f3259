import { resolve } from 'node:path'
import { z } from 'zod'
import { group } from './group.ts'
import { integer, text } from './rules.ts'

/** Where the server listens. */
export interface Listen {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
}

export const listen = group({
  variables: {
    PORT: integer(0, 65_535).default(8080),
    NIXERY_HOST: text.default('0.0.0.0'),
  },
  value: ({ PORT: port, NIXERY_HOST: host }): Listen => ({ host, port }),
})

export const stateDir = group({
  variables: { NIXERY_STATE_DIR: text.default('./var/state') },
  value: ({ NIXERY_STATE_DIR: path }) => resolve(path),
})

export const stopTimeout = group({
  variables: { NIXERY_STOP_TIMEOUT: integer(0, 3600).default(30) },
  value: ({ NIXERY_STOP_TIMEOUT: seconds }) => seconds,
})

export const logLevel = group({
  variables: {
    NIXERY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  },
  value: ({ NIXERY_LOG_LEVEL: level }) => level,
})
