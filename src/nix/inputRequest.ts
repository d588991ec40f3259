import { z } from 'zod'

/** The longest that Nix takes, and the characters. */
const name = z.string().regex(/^(?!\.)[\w+\-.?=]{1,211}$/)

const schema = z.object({
  kind: z.enum(['file', 'tarball']),
  url: z.string(),
  name,
  sha256: z.string().nullable(),
})

/** Something that a package set fetches while it is evaluated: `fetchurl` and `fetchTarball` of Nix. */
export type InputRequest = z.infer<typeof schema>

/** How `load.nix` ends an evaluation that fetches what is not there yet. JSON follows. */
const mark = 'nixery-input '

/** What an evaluation was ended for, and how `load.nix` knows it again. @param words of Nix */
export function requestedInput(
  words: string,
): { readonly key: string; readonly input: InputRequest } | undefined {
  const start = words.indexOf(mark)
  if (start < 0) return undefined
  const rest = words.slice(start + mark.length)
  const key = rest.slice(0, rest.lastIndexOf('}') + 1)
  try {
    return { key, input: schema.parse(JSON.parse(key)) }
  } catch {
    return undefined
  }
}
