import type { Row } from './report.ts'

/** A figure that must be reached, and what it is here. */
export interface Floor {
  readonly what: string
  readonly least: string
  readonly here: number
  readonly reached: boolean
}

export function rowsOf(floors: readonly Floor[]): readonly Row[] {
  return floors.map(({ what, least, here, reached }) => ({
    '': what,
    'to reach': least,
    here,
    reached: reached ? 'yes' : 'no',
  }))
}
