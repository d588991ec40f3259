import type { CodeText } from './readTexts.ts'
import { isTestFile } from './testFiles.ts'

/** Where folder names belong. */
const home = 'src/storage/layout.ts'

/**
 * Where the word is no folder of the storage: `rootfs.type` of an image's configuration (OCI image-spec,
 * config.md), and the content coding of HTTP (RFC 9110, 8.4.1).
 */
const otherMeanings: ReadonlySet<string> = new Set([
  'src/oci/config.ts: layers',
  'src/http/acceptEncoding.ts: identity',
  'src/storage/gcs/download.ts: identity',
])

/** Whether a file is shipped, so that it has to ask the layout. */
function isProduct(file: string): boolean {
  return file.startsWith('src/') && !isTestFile(file) && file !== home
}

/**
 * Each text of `src` that names a folder of the storage, by itself or as the beginning of a key, as a
 * sentence.
 * @param folders such as `manifests` or `gc/intents`
 */
export function folderNamesElsewhere(texts: readonly CodeText[], folders: Iterable<string>): string[] {
  const names = [...folders]
  return texts.flatMap(({ file, line, text }) => {
    const found = names.find((name) => text === name || text.startsWith(`${name}/`))
    if (found === undefined || !isProduct(file) || otherMeanings.has(`${file}: ${text}`)) return []
    return [`${file}:${line} names the folder '${found}' of the storage: take it from ${home}`]
  })
}
