import { mediaTypes } from '../../src/oci/mediaTypes.ts'
import { ask, type Question } from '../support/wire.ts'

interface Content {
  readonly manifest: { readonly digest: string }
  readonly layer: { readonly digest: string; readonly size: number }
}

/** Ten requests that a registry is easily wrong about, of the image `hello`. */
function questions({ manifest, layer }: Content): readonly Question[] {
  const blob = `/v2/hello/blobs/${layer.digest}`
  const docker = mediaTypes.dockerManifest
  return [
    {
      method: 'HEAD',
      path: '/v2/hello/manifests/latest',
      headers: ['accept', docker, 'accept', `${mediaTypes.ociManifest};q=0.5, */*;q=0.1`],
    },
    { path: '/v2/hello/manifests/latest', headers: ['if-none-match', `"other", W/"${manifest.digest}"`] },
    { path: '/v2/%68ello/manifests/%6catest?ns=docker.io' },
    { path: blob, headers: ['range', 'bytes=0-9, -10'] },
    { path: blob, headers: ['range', `bytes=${layer.size}-`] },
    {
      path: blob,
      headers: ['range', 'bytes=5-', 'if-range', `"${manifest.digest}"`, 'accept-encoding', 'gzip'],
    },
    { path: `/v2/hello/blobs/sha512:${'0'.repeat(128)}` },
    { method: 'POST', path: `/v2/hello/blobs/uploads/?mount=${layer.digest}&from=jq` },
    { path: `/v2/hello/referrers/${manifest.digest}?artifactType=application/vnd.example` },
    { path: '/v2/gti/%zz/manifests/latest' },
  ]
}

const longestBody = 300

/** Asks them, and tells the answers: status, all headers, and the body where it is short text. */
export async function tellAwkwardAnswers(address: string, content: Content): Promise<string> {
  const told: string[] = []
  for (const [index, question] of questions(content).entries()) {
    const { method = 'GET', path, headers = [] } = question
    const { status, headers: got, body } = await ask(address, question)
    const text = body.toString()
    told.push(
      [
        `${index + 1}. ${method} ${path}`,
        ...pairs(headers).map(([name, value]) => `   > ${name}: ${value}`),
        `   ${status}`,
        ...Object.entries(got).map(([name, value]) => `   < ${name}: ${value}`),
        ...(/^[\n -~]+$/.test(text) ? [`   ${text.slice(0, longestBody)}`] : []),
      ].join('\n'),
    )
  }
  return told.join('\n')
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as const] : []))
}
