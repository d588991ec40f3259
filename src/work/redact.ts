/** What stands in the place of a secret. */
const hidden = '***'

/** Users and passwords in addresses, and their queries, which often have tokens. The first group is kept. */
const inAddresses: readonly RegExp[] = [
  /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"<>]{1,500}@/gi,
  /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s?#'"<>]{1,500})[?#][^\s'"<>]+/gi,
]

/** Each pattern finds secrets of one form. The first group, if any, is kept. */
const forms: readonly RegExp[] = [
  ...inAddresses,
  // Headers: RFC 7617, RFC 6750.
  /\b((?:basic|bearer|token) +)[\w.~+/-]{12,}=*/gi,
  // Tokens of issuers and of our own (RFC 7519), of robots, and of those who host repositories.
  /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  /\b(nixery_[0-9a-f]{12}_)[\w-]{43}/g,
  /\b(gh[pousr]_|github_pat_|glpat-|glptt-)\w[\w-]{15,}/g,
  // Keys of AWS that came out of an environment.
  /\b(AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|GITHUB_TOKEN|CI_JOB_TOKEN)=[^\s"']+/g,
]

/** Text whose addresses have no users, passwords and queries any more: these may be secrets. */
export function withoutSecrets(text: string): string {
  return inAddresses.reduce((rest, form) => rest.replaceAll(form, '$1'), text)
}

/** Text without secrets, for everything that leaves the server: answers and logs. JSON stays JSON. */
export function redact(text: string): string {
  return forms.reduce(
    (rest, form) => rest.replaceAll(form, (...found: readonly unknown[]) => kept(found) + hidden),
    text,
  )
}

function kept([, first]: readonly unknown[]): string {
  return typeof first === 'string' ? first : ''
}
