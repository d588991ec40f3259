/** Bytes of one kind, more than libdeflate puts into a block (300,000), and of many kinds. */
const [uniform, mixed] = [320_000, 1 << 18]

/**
 * Bytes by which compressors can be told apart, the same everywhere: blocks of full length and short ones,
 * words, records that count, runs, what repeats from far away, and what does not compress at all.
 */
export function deflateSample(): Buffer {
  const random = numbers()
  const words = Array.from({ length: 600 }, () => word(random))
  const sample = Buffer.alloc(uniform + mixed)
  for (let at = 0; at < uniform; at++) sample[at] = random(16)
  for (let at = uniform, kind = 0; at < sample.length; kind++) {
    at += section(sample, at, kind % 5, words, random)
  }
  return sample
}

type Random = (below: number) => number

/** Writes some kilobytes of one kind. Answers how many bytes. */
function section(sample: Buffer, at: number, kind: number, words: readonly string[], random: Random): number {
  const length = 2000 + random(30_000)
  switch (kind) {
    case 0:
      // Small numbers are as frequent as the words of a language.
      return sample.write(
        Array.from({ length: length / 8 }, () => words[random(1 + random(words.length))]).join(' '),
        at,
        'latin1',
      )
    case 1:
      for (let i = 0; i < length; i++) sample[at + i] = i % 16 < 4 ? i >> (8 * (i % 4)) : random(1 + (i % 16))
      return length
    case 2:
      sample.fill(random(256), at, at + length)
      return length
    case 3:
      return sample.copy(sample, at, random(at), at)
    default:
      for (let i = 0; i < length; i++) sample[at + i] = random(256)
      return length
  }
}

function word(random: Random): string {
  return Array.from({ length: 1 + random(9) }, () => String.fromCodePoint(97 + random(26))).join('')
}

/** Whole numbers that look random. Numerical Recipes' quick generator: its high bits are good enough. */
function numbers(): Random {
  let state = 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
