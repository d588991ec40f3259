import type { Layering } from '../layerTables/layering.ts'
import type { TableEffect } from '../images/tableEffect.ts'
import { formatBytes, formatSeconds } from './units.ts'

/** What a layer table does for a storage, in sentences, one a line. @param now milliseconds since 1970 */
export function effectAsText(
  { table, isFinal }: Pick<Layering, 'table' | 'isFinal'>,
  effect: TableEffect | undefined,
  now: number,
): string {
  if (!table || !effect) {
    const why = isFinal
      ? 'This revision has no layer table, and never gets one.'
      : 'There is no layer table yet. The first one of this package set will be used.'
    return `${why}\n`
  }
  const { made, origin, known, images, bytes, bytesWithout } = effect
  const age = formatSeconds(Math.max(0, now - Date.parse(made)) / 1000)
  const about = `The layer table was made ${age} ago, of ${origin}.`
  if (images === 0) return `${about}\n`
  const sentences = [
    about,
    `It knows ${Math.round(known * 100)} % of the packages in the images that this storage has of the revision.`,
    `${images === 1 ? 'This is one image' : `These are ${images} images`}, with ${formatBytes(bytes)} in different layers. Without the table it would be ${formatBytes(bytesWithout)}.`,
  ]
  return sentences.map((sentence) => `${sentence}\n`).join('')
}
