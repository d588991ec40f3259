/** The address that Nix refused to fetch. */
export function refusedAddress(words: string): string | undefined {
  return /access to URI '([^']*)' is forbidden in restricted mode/.exec(words)?.[1]
}

const searchPath = /was not found in the Nix search path/
const otherFile = /access to (?:absolute )?path '([^']*)' is forbidden in restricted mode/
const needsStore =
  /option 'allow-import-from-derivation' is disabled|fetchTree|experimental (?:Nix )?feature 'flakes' is disabled/

/**
 * What an operator can do if Nix refuses what a package set does: a sentence for the end of a message, or
 * nothing.
 * @param words of Nix
 * @param trusted whether the operator chose the revision
 */
export function adviceFor(words: string, trusted: boolean): string {
  const advice = adviceOf(words)
  if (advice === undefined) return ''
  if (!trusted)
    return '. The commit is on no branch or tag of the package set, so it may read its own files alone'
  return `. ${advice}`
}

function adviceOf(words: string): string | undefined {
  const address = refusedAddress(words)
  if (address !== undefined) {
    return /^(?:git|hg|ssh|path|file)\b/.test(address) || address.endsWith('.git')
      ? 'NIXERY_EVALUATION=store lets package sets fetch repositories'
      : 'NIXERY_ALLOWED_URIS lists the addresses that package sets may fetch'
  }
  if (searchPath.test(words)) return 'NIX_PATH says where it is: name=folder'
  if (otherFile.test(words))
    return 'NIXERY_ALLOWED_PATHS lists what package sets may read beside their own files'
  if (needsStore.test(words)) return 'NIXERY_EVALUATION=store allows that'
  return undefined
}
