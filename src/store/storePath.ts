declare const branded: unique symbol

/** An absolute store path such as `/nix/store/3n58xw…-hello-2.12`. */
export type StorePath = string & { readonly [branded]: 'StorePath' }

const pattern = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[A-Za-z0-9+\-._?=]{1,211}$/

export function isStorePath(text: string): text is StorePath {
  return pattern.test(text)
}

/** @throws TypeError if the text is not a store path. */
export function toStorePath(text: string): StorePath {
  if (!isStorePath(text)) throw new TypeError(`not a store path: ${text}`)
  return text
}

/** `3n58xw…-hello-2.12`: the last part of the path, the same in every store directory. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** `3n58xw…`: the hash in the base name, by which binary caches call the path. */
export function hashPart(path: StorePath): string {
  const name = baseName(path)
  return name.slice(0, name.indexOf('-'))
}

/** `hello-2.12`: the base name without the hash. Hand-drawn graphs may have shorter hashes than Nix. */
export function nameOf(path: StorePath): string {
  const name = baseName(path)
  return name.slice(name.indexOf('-') + 1)
}
