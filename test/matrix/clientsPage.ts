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

These clients pulled images of the demo package set from a real server, and ran them. \`npm run test:clients\` wrote this page
on ${date}. The command fails if a case fails.

${clientTable(results)}

- **runs**: The client pulls the image and runs its program with only the image's files. \`ffmpeg\` has more store paths than
  layers. qemu runs \`arm64/hello\`. skopeo, crane and oras cannot run images: what they copied runs in a chroot.
- **by digest**: The client pulls and runs \`shell/git@sha256:…\`.
- **resumes**: The connection is cut once in the middle of a big blob. _Range_: the client asks for the rest.
  _whole blob_: it asks for all of it again. _second pull_: it gives up, and succeeds at the next pull.
- **the errors**: ✔: the client shows the reason. _status_: it shows only the status. See [errors](errors.md).
- _containerd (mirror)_ uses the server as the mirror of another registry, as Kubernetes nodes do.
`
}
