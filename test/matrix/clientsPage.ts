import { table } from './documents.ts'
import { errorCases } from './errorCases.ts'
import type { RowResult } from './matrix.ts'
import { pullCases } from './pullCases.ts'

/** Client by case, as a table: on the terminal and in the page. */
export function clientTable(results: readonly RowResult[]): string {
  const cases = [...pullCases, ...errorCases].map(({ title }) => title)
  const lines = results.map((result) => [
    nameOf(result),
    result.row.suite.title,
    ...[...result.pulls, ...result.errors].map(({ cell }) => cell),
  ])
  return table(['client', 'of', ...cases], lines)
}

export function nameOf({ row, version }: RowResult): string {
  return `${row.kind.name} ${version}`
}

/** `docs/clients.md`. @param date such as `2026-11-22` */
export function clientsPage(results: readonly RowResult[], date: string): string {
  return `# Clients

Real clients that pull images of the demo package set from a real server, and run them. Written by
\`npm run test:clients\` on ${date}; it fails where a case does.

${clientTable(results)}

- **runs**: pulls the image and runs its program with nothing but the image's files. \`ffmpeg\` has more store paths than
  layers; \`arm64/hello\` is run by qemu. skopeo, crane and oras run nothing: what they copied runs in a chroot.
- **by digest**: pulls and runs \`shell/git@sha256:…\`.
- **resumes**: the connection is cut once in the middle of a big blob. _Range_: the client asks for the rest;
  _whole blob_: it asks for all of it again; _second pull_: it gives up, and succeeds when its user asks again.
- **the errors**: ✔ where the user reads the reason, _status_ where no more than the status: see [errors](errors.md).
- _containerd (mirror)_ has our server as the mirror of another registry, as nodes of Kubernetes do.
`
}
