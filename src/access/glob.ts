/**
 * Whether a text matches a pattern as a whole. `*` stands for any number of any characters, also for dots and
 * slashes. The time is bounded by the product of the lengths, whatever the pattern is.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let retry = 0
  let index = 0
  while (index < text.length) {
    if (pattern[at] === '*') {
      star = at++
      retry = index
    } else if (pattern[at] === text[index]) {
      at++
      index++
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1
      index = ++retry
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Whether a text matches one of the patterns. */
export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesGlob(pattern, text))
}
