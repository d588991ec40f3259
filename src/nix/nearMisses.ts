interface Word {
  readonly name: string
  /** One bit for each letter that occurs. */
  readonly letters: number
}

/**
 * Prepares the names of one level of a package set. The result answers names that are close to one that is
 * not there: at most `limit`, the closest first, ties in the order of the alphabet.
 */
export function nearMissesAmong(
  names: readonly string[],
): (wanted: string, limit?: number) => readonly string[] {
  const typable = new Set(names.map(asTyped).filter((name) => inReach.test(name)))
  const words = [...typable].map((name) => ({ name, letters: lettersOf(name) }))
  return (wanted, limit = 3) => {
    const target = { name: wanted.toLowerCase(), letters: lettersOf(wanted.toLowerCase()) }
    const bound = editsAllowed(target.name)
    const scored: { name: string; score: number }[] = []
    for (const word of words) {
      const score = scoreOf(target, word, bound)
      if (score !== undefined) scored.push({ name: word.name, score })
    }
    scored.sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    return scored.slice(0, limit).map(({ name }) => name)
  }
}

/**
 * What an image name can hold (OCI distribution-spec, "Pulling manifests"), short of its rules for
 * separators.
 */
const inReach = /^[a-z0-9][a-z0-9._-]*$/

/** As it is written in an image name: without capitals, and `1password` for `_1password`. */
function asTyped(name: string): string {
  const lower = name.toLowerCase()
  return /^_[0-9]/.test(lower) ? lower.slice(1) : lower
}

/** Short words have neighbours everywhere; in long ones more may go wrong. */
function editsAllowed(word: string): number {
  if (word.length < 3) return 0
  if (word.length < 5) return 1
  return word.length < 9 ? 2 : 3
}

/** How many letters may lack at the end of what was typed, as in `node` for `nodejs`. */
const COMPLETION = 4

/** The lower, the closer: the number of edits, or for a name that only goes on a little less than one. */
function scoreOf(target: Word, word: Word, bound: number): number | undefined {
  const longer = word.name.length - target.name.length
  const goesOn =
    target.name.length > 1 && longer > 0 && longer <= COMPLETION && word.name.startsWith(target.name)
  if (goesOn) return longer / (COMPLETION + 1)
  // An edit brings or takes at most two letters: that spares nearly all words the real comparison.
  if (Math.abs(longer) > bound || bitCount(target.letters ^ word.letters) > 2 * bound) return undefined
  const distance = editDistance(target.name, word.name, bound)
  return distance <= bound ? distance : undefined
}

function lettersOf(text: string): number {
  let letters = 0
  for (let i = 0; i < text.length; i++) letters |= 1 << (text.charCodeAt(i) & 31)
  return letters
}

function bitCount(bits: number): number {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count++
  return count
}

/**
 * Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other
 * (optimal string alignment); if it is more than the bound, some number above the bound.
 * @internal a pure function with more cases than names to try it with
 */
export function editDistance(a: string, b: string, bound: number): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
      least = Math.min(least, cost)
    }
    if (least > bound) return least
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
