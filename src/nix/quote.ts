/**
 * Characters that are quoted of what a package set says. Nixpkgs' longest reason to refuse a package has some
 * 2,000.
 */
const longest = 2_000

/**
 * Characters that a terminal or a page may obey instead of showing them: control characters, and those that
 * turn or hide text (Unicode's categories Cc, Cf, Zl, Zp).
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu
const colours = /\u001b\[[0-9;]*[A-Za-z]/g // oxlint-disable-line no-control-regex -- ESC is what such a sequence begins with

/** What a package set says, as one printable line of bounded length. Its author may be anybody. */
export function quote(text: string): string {
  // Cut first: the text may have megabytes. What is left has room for blanks and colours that go.
  const head = text.slice(0, 4 * longest)
  const shown = head.replaceAll(colours, '').replaceAll(/\s/g, ' ').replaceAll(unprintable, '')
  const line = shown.replaceAll(/ +/g, ' ').trim()
  return line.length > longest || text.length > head.length ? `${line.slice(0, longest)} …` : line
}
