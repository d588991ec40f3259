import { hexOf, type Digest } from '../oci/digest.ts'

/** The folder of the blobs; all others hold records. */
export const blobFolder = 'layers'

/** What a blob is called among everything that is kept. */
export function blobKey(digest: Digest): string {
  return `${blobFolder}/${hexOf(digest)}`
}

/** `folder/…/name`: what a record is called. Nothing in it can leave the folder that it is kept in. */
const segment = '[A-Za-z0-9_][A-Za-z0-9._+=?@:-]{0,254}'
const folderPattern = new RegExp(`^${segment}(/${segment}){0,7}$`)

/** Whether it can be a key of ours at all. */
export function isKey(text: string): boolean {
  return folderPattern.test(text) && text.includes('/')
}

/** @throws TypeError when the key breaks the grammar. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new TypeError(`not a record key: ${key}`)
}

/** @throws TypeError when the folder's name breaks the grammar. */
export function checkFolder(folder: string): void {
  if (!folderPattern.test(folder)) throw new TypeError(`not a folder of records: ${folder}`)
}
