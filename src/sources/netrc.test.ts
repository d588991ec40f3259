import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SourceFailed } from '../errors.ts'
import { credentialsIn, credentialsInFile } from './netrc.ts'
import { createFolder } from './testing.ts'

const file = `# machine host.example login no password no
machine other.example login a password b
machine host.example
  login me
  account x
  password secret
machine host.example login second password second
default login anybody password guest
macdef init
machine late.example login no password no
`

test('the first entry of a host counts, then the default one', () => {
  assert.deepEqual(credentialsIn(file, 'HOST.example'), { username: 'me', password: 'secret' })
  assert.deepEqual(credentialsIn(file, 'late.example'), { username: 'anybody', password: 'guest' })
  assert.equal(credentialsIn('machine a login b password c', 'host.example'), undefined)
  assert.equal(credentialsIn('', 'host.example'), undefined)
})

test('a file that is not there has no credentials; one that cannot be read is an error', async (t) => {
  const folder = await createFolder(t)
  assert.equal(await credentialsInFile(join(folder, 'netrc'), 'host'), undefined)
  await assert.rejects(credentialsInFile(folder, 'host'), SourceFailed)
  await writeFile(join(folder, 'netrc'), 'machine host login me password secret')
  assert.equal((await credentialsInFile(join(folder, 'netrc'), 'host'))?.password, 'secret')
})
