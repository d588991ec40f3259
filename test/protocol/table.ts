import { describe, it } from 'node:test'
import { check, type Exchange } from './exchange.ts'
import type { Known } from './known.ts'

/** A sentence, which the table's title begins, and the exchange that shows it. */
export type Row = readonly [sentence: string, exchange: (known: Known) => Exchange]

/** @param known what the rows are about; asked when the tests run, as it is not there before */
export function table(title: string, known: () => Known, rows: readonly Row[]): void {
  describe(title, () => {
    for (const [sentence, exchange] of rows) {
      it(sentence, async () => void (await check(known().address, exchange(known()))))
    }
  })
}
