import { dirname, join, normalize } from 'node:path'

/** Without blocks of code: what looks like a link or a heading there is none. */
function prose(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```/gm, '')
}

/** Anchors of the headings, as GitHub makes them: `## What you need?` becomes `what-you-need`. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
  return new Set(anchors)
}

/** Links that lead to a place in the repository: `docs/errors.md#all-clients`. */
function relativeLinks(markdown: string): readonly string[] {
  const targets = [...prose(markdown).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
}

/**
 * Each relative link that leads nowhere, as a sentence.
 * @param pages Markdown by path from the root of the repository
 * @param exists whether there is a file or folder of that path
 */
export function brokenLinks(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): readonly string[] {
  return [...pages].flatMap(([page, markdown]) =>
    relativeLinks(markdown).flatMap((link) => {
      const [file = '', anchor] = link.split('#')
      const path = file === '' ? page : normalize(join(dirname(page), file))
      if (!exists(path)) return [`${page}: ${link} leads to ${path}, which does not exist`]
      if (anchor === undefined) return []
      const target = pages.get(path)
      return target !== undefined && anchorsOf(target).has(anchor)
        ? []
        : [`${page}: ${link} leads to a heading that ${path} does not have`]
    }),
  )
}

/** Variables that begin with one of the prefixes, in any text. */
export function variablesIn(text: string, prefixes: readonly string[]): ReadonlySet<string> {
  const name = new RegExp(`\\b(?:${prefixes.join('|')})_[A-Z0-9]+(?:_[A-Z0-9]+)*\\b`, 'g')
  return new Set(text.match(name))
}

/** What the first columns of all tables name: `| \`PORT\` | … |`. */
export function firstCells(markdown: string): ReadonlySet<string> {
  return new Set([...markdown.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell))
}
