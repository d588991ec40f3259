/** One check of the suite. */
export interface Check {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What the suite says beside the outcome. */
  readonly notes: readonly string[]
}

const outcomes: Readonly<Record<string, Check['outcome']>> = {
  Pass: 'passed',
  FAIL: 'failed',
  Error: 'failed',
  Skip: 'skipped',
  Disabled: 'skipped',
}

/** What a registry that nobody pushes to can be asked; each must have been asked for at least once. */
const readSide: readonly string[] = [
  'ping',
  'empty/tag list',
  'empty/referrers',
  'read-only/tag-list',
  'read-only/head/manifest-head-by-tag',
  'read-only/head/manifest-head-by-digest',
  'read-only/head/blob-head',
  'read-only/pull/manifest-by-tag',
  'read-only/pull/manifest-by-digest',
  'read-only/pull/blob-get',
  'read-only/referrers',
  'missing-manifest/by-digest',
  'missing-manifest/by-tag',
  'invalid-digest-format/manifest-get',
]

/**
 * The checks of a report that the suite wrote to its standard output: a tree of names, of which the leaves
 * are checks. The files that it writes afterwards are of no use here: with pushes switched off, it fails at
 * the first.
 * @throws when the report is not whole
 */
export function parseReport(report: string): readonly Check[] {
  if (!/^OCI Conformance Result: /m.test(report)) throw new Error(`the suite made no report:\n${report}`)
  const nodes: { name: string; status: string; notes: string[] }[] = []
  for (const line of report.slice(0, report.indexOf('\nConfiguration:')).split('\n')) {
    const [, name, status] = /^ *OCI Conformance Test\/(.+): (\w+)$/.exec(line) ?? []
    if (name !== undefined && status !== undefined) nodes.push({ name, status, notes: [] })
    else if (line.trim() !== '') nodes.at(-1)?.notes.push(line.trim().replace(/^- /, ''))
  }
  const isCheck = ({ name }: { readonly name: string }) =>
    !nodes.some((other) => other.name.startsWith(`${name}/`))
  return nodes.filter(isCheck).flatMap(({ name, status, notes }) => {
    const outcome = outcomes[status]
    // A node without checks of its own, such as the deletion of nothing, has no status.
    return outcome === undefined ? [] : [{ name, outcome, notes }]
  })
}

/** Checks of the read side that no report may lack and that this one does not say to have passed. */
export function missingChecks(checks: readonly Check[]): readonly string[] {
  return readSide.filter((name) => !checks.some((check) => check.name === name && check.outcome === 'passed'))
}

/** The counts, then each check that did not pass, and why. */
export function summarize(checks: readonly Check[]): string {
  const count = (outcome: Check['outcome']) => checks.filter((check) => check.outcome === outcome).length
  const others = checks.filter(({ outcome }) => outcome !== 'passed')
  return [
    `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
    ...others.map(({ name, outcome, notes }) => {
      const why =
        notes.length > 0 ? notes.join('; ') : outcome === 'skipped' ? 'it writes' : 'no reason given'
      return `  ${outcome} ${name}: ${why}`
    }),
  ].join('\n')
}
