/**
 * `folder/…/name`: what a blob or record is called. Nothing in it can leave the folder that it is kept in.
 */
const segment = '[A-Za-z0-9_][A-Za-z0-9._+=?@:-]{0,254}'
const folderPattern = new RegExp(`^${segment}(/${segment}){0,7}$`)

/** Whether it can be a key at all. */
export function isKey(text: string): boolean {
  return folderPattern.test(text) && text.includes('/')
}

/** @throws TypeError if the key breaks the grammar. */
export function checkKey(key: string): void {
  if (!isKey(key)) throw new TypeError(`not a record key: ${key}`)
}

/** @throws TypeError if the folder's name breaks the grammar. */
export function checkFolder(folder: string): void {
  if (!folderPattern.test(folder)) throw new TypeError(`not a folder of records: ${folder}`)
}
