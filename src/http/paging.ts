import { z } from 'zod'
import { RequestError } from './errors.ts'

/** Names on a page when the client does not say how many. */
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
  /** Where the next page is, as a `Link` header (RFC 8288), when there is one. */
  readonly link?: string
}

/**
 * The part of a sorted list that a query asks for: `n` items, those after `last` (OCI distribution-spec, "Listing
 * tags"). @throws RequestError
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
