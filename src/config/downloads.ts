import { z } from 'zod'
import { group, type Given } from './group.ts'
import { integer, week } from './rules.ts'

/** Backends whose blobs nginx cannot read. */
const inBuckets: readonly string[] = ['s3', 'gcs']

/** Who sends the bytes of blobs. */
export interface Downloads {
  /**
   * The path below which the nginx in front finds the files of the storage. Undefined: nginx sends no blobs.
   */
  readonly accelRedirect: string | undefined
  /** Seconds that links into a bucket hold. Undefined: all downloads pass through the server. */
  readonly linkLifetime: number | undefined
}

export const downloads = group({
  variables: {
    NIXERY_ACCEL_REDIRECT: z
      .string()
      .regex(/^\/([\w.-]+\/)+$/, 'must be a path such as /nixery-blobs/')
      .optional(),
    NIXERY_DOWNLOADS: z.enum(['redirect', 'proxy'], "must be 'redirect' or 'proxy'").default('redirect'),
    // Neither cloud signs a link for longer than a week.
    NIXERY_LINK_TTL: integer(1, week).default(900),
  },
  faults: handOffFaults,
  value: (variables): Downloads => ({
    accelRedirect: variables.NIXERY_ACCEL_REDIRECT,
    linkLifetime: variables.NIXERY_DOWNLOADS === 'redirect' ? variables.NIXERY_LINK_TTL : undefined,
  }),
})

function handOffFaults({
  NIXERY_ACCEL_REDIRECT: path,
  NIXERY_STORAGE_BACKEND: backend = '',
}: Given): readonly string[] {
  if (path === undefined || !inBuckets.includes(backend)) return []
  return [`NIXERY_ACCEL_REDIRECT is for files that nginx can read (NIXERY_STORAGE_BACKEND is '${backend}')`]
}
