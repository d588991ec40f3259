/**
 * Compares two Debian versions as dpkg does (deb-version(7)): negative when `a` is older than `b`, zero when
 * they are equal, positive when `a` is newer.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)]
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  )
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':')
  const rest = version.slice(colon + 1)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/** Text and numbers take turns; text is compared by `weight`, and an absent number is zero. */
function compareParts(a: string, b: string): number {
  const [left, right] = [tokens(a), tokens(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? '', right[i] ?? '']
    const order = i % 2 === 0 ? compareText(x, y) : Number(x) - Number(y)
    if (order !== 0) return order
  }
  return 0
}

/** `1.2~rc1` -> `['', '1', '.', '2', '~rc', '1']`: text at even places, digits at odd ones. */
function tokens(part: string): readonly string[] {
  return [...part.matchAll(/(\D*)(\d*)/g)].flatMap(([, text = '', digits = '']) => [text, digits])
}

function compareText(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = weight(a[i]) - weight(b[i])
    if (order !== 0) return order
  }
  return 0
}

/** `~` sorts before the end of the text, letters after it, everything else after the letters. */
function weight(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  const code = character.charCodeAt(0)
  return /[A-Za-z]/.test(character) ? code : code + 256
}
