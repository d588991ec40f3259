import { group } from './group.ts'
import { integer, week } from './rules.ts'

export interface Builds {
  /** Builds that run side by side. */
  readonly concurrency: number
  /** Builds that may wait. */
  readonly queueLimit: number
  /** Builds of one client that may wait. */
  readonly clientLimit: number
  /** Seconds from a build's start to its end. */
  readonly deadline: number
}

export const builds = group({
  variables: {
    NIXERY_BUILDS: integer(1, 1024).default(2),
    NIXERY_QUEUE: integer(0, 100_000).default(100),
    NIXERY_CLIENT_QUEUE: integer(0, 100_000).optional(),
    NIXERY_BUILD_DEADLINE: integer(1, week).default(900),
  },
  value: (variables): Builds => ({
    concurrency: variables.NIXERY_BUILDS,
    queueLimit: variables.NIXERY_QUEUE,
    // No single client takes all places.
    clientLimit: variables.NIXERY_CLIENT_QUEUE ?? Math.ceil(variables.NIXERY_QUEUE / 2),
    deadline: variables.NIXERY_BUILD_DEADLINE,
  }),
})
