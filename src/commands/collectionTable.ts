import { formatBytes, formatSeconds } from './units.ts'
import type { CollectionReport } from '../gc/collector.ts'
import type { Reason } from '../gc/policy.ts'
import { alignTable } from './table.ts'

/** Lines of a table that are worth reading; the rest is counted. */
const mostLines = 200

/** The column of the bytes. */
const numbers = new Set([1])

const explanations: Readonly<Record<Reason, string>> = {
  incomplete: 'a part of it is missing',
  'not pulled': 'not pulled for too long',
  'no room': 'does not fit, others were pulled later',
  unreferenced: 'no image needs it',
}

/** What a dry run would delete, and why, for people. @param titles of images, by digest */
export function tableOf(report: CollectionReport, titles: ReadonlyMap<string, string>): string {
  const { verdict, judgedAt, found, deleted } = report
  const sizes = new Map(verdict.blobs.map(({ digest, size }) => [digest, size]))
  const images = verdict.images
    .toSorted((a, b) => a.image.lastPull - b.image.lastPull)
    .map(({ image, why }) => [
      `image ${titles.get(image.digest) ?? ''} ${short(image.digest)}`.replace('  ', ' '),
      formatBytes((image.reach ?? [image.digest]).reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0)),
      formatSeconds((judgedAt - image.lastPull) / 1000),
      explanations[why],
    ])
  const orphans = verdict.blobs
    .filter(({ why }) => why === 'unreferenced')
    .toSorted((a, b) => b.size - a.size)
    .map(({ digest, size }) => [`blob ${short(digest)}`, formatBytes(size), '', explanations.unreferenced])
  const lines = [...images, ...orphans]
  const more = lines.length > mostLines ? [[`and ${lines.length - mostLines} more`, '', '', '']] : []
  const rows = [['WHAT', 'BYTES', 'LAST PULL', 'WHY'], ...lines.slice(0, mostLines), ...more]
  const table = lines.length === 0 ? '' : `${alignTable(rows, numbers)}\n\n`
  return `${table}${summary(found, deleted)}\n`
}

function summary(found: CollectionReport['found'], deleted: CollectionReport['deleted']): string {
  const { blobs, bytes, records } = deleted
  return `${formatBytes(bytes)} in ${blobs} of ${found.blobs} blobs would go, and ${records} records; ${formatBytes(found.bytes - bytes)} would stay.`
}

function short(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12)
}
