/** `folder/…/name`: what a record is called. Nothing in it can leave the folder that it is kept in. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9._+=?@:-]{0,254}(\/[A-Za-z0-9_][A-Za-z0-9._+=?@:-]{0,254}){1,7}$/

/** @throws TypeError when the key breaks the grammar. */
export function checkKey(key: string): void {
  if (!pattern.test(key) || key.split('/').includes('..')) throw new TypeError(`not a record key: ${key}`)
}
