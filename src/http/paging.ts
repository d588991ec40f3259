import { z } from 'zod'
import { RequestError } from './errors.ts'

/** Names on a page if the client does not ask for a number. */
const defaultPage = 1000
const query = z.object({
  n: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional(),
  last: z.string().optional(),
})

export interface Page {
  readonly items: readonly string[]
  /** The `Link` header (RFC 8288) of the next page, if there is one. */
  readonly link?: string
}

/**
 * The part of a sorted list that a query asks for: the first `n` items after `last` (OCI distribution-spec,
 * "Listing tags"). @throws RequestError
 */
export function pageOf(all: readonly string[], asked: unknown, path: string): Page {
  const parsed = query.safeParse(asked)
  if (!parsed.success) {
    const message = "'n' must be a whole number from 0, and 'last' one text"
    throw new RequestError({ status: 400, code: 'PAGINATION_NUMBER_INVALID', message })
  }
  const { n = defaultPage, last } = parsed.data
  const rest = last === undefined ? all : all.filter((item) => item > last)
  const items = rest.slice(0, n)
  const end = items.at(-1)
  if (end === undefined || items.length === rest.length) return { items }
  return { items, link: `<${path}?n=${n}&last=${encodeURIComponent(end)}>; rel="next"` }
}
