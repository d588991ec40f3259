const bytesOf: readonly (readonly [string, number])[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
]
const secondsOf: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
]

/** `12.3 MiB`, of 2^20 bytes. */
export function formatBytes(bytes: number): string {
  const [unit, factor] = bytesOf.find(([, factor]) => bytes >= factor) ?? ['B', 1]
  return `${factor === 1 ? bytes : (bytes / factor).toFixed(1)} ${unit}`
}

/** `3 d`, `5 h`, `40 s`: rounded down. */
export function formatSeconds(seconds: number): string {
  const [unit, factor] = secondsOf.find(([, factor]) => seconds >= factor) ?? ['s', 1]
  return `${Math.floor(seconds / factor)} ${unit}`
}
