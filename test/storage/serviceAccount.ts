import { createHash, createVerify, generateKeyPairSync } from 'node:crypto'

/** A service account of nobody, with a key of its own. */
export interface ServiceAccount {
  /** What `GOOGLE_APPLICATION_CREDENTIALS` names a file of. */
  readonly file: string
  /** Whether a link was signed with the key, as Google checks it (Cloud Storage, "V4 signing process"). */
  signed(link: URL): boolean
}

export function createServiceAccount(): ServiceAccount {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = {
    type: 'service_account',
    project_id: 'nixery-test',
    private_key_id: 'one',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'nixery@example.com',
    token_uri: 'http://127.0.0.1:1/token',
  }
  return {
    file: JSON.stringify(file),
    signed: (link) => {
      const query = new URLSearchParams(link.search)
      const signature = query.get('X-Goog-Signature') ?? ''
      query.delete('X-Goog-Signature')
      query.sort()
      const parameters = [...query].map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
      // Google's hosts have no ports, and the client signs none.
      const headers = `host:${link.hostname}\n\nhost`
      const asked = `GET\n${link.pathname}\n${parameters}\n${headers}\nUNSIGNED-PAYLOAD`
      const scope = (query.get('X-Goog-Credential') ?? '').replace(/^[^/]*\//, '')
      const sum = createHash('sha256').update(asked).digest('hex')
      const text = `GOOG4-RSA-SHA256\n${query.get('X-Goog-Date')}\n${scope}\n${sum}`
      return createVerify('RSA-SHA256').update(text).verify(publicKey, signature, 'hex')
    },
  }
}
