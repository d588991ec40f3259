import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { SourceFailed } from '../errors.ts'
import { credentialsInFile } from './netrc.ts'
import { createFolder } from './testing.ts'

const text = `# machine host.example login no password no
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

test('the first entry of a host counts, then the default one', async (t) => {
  const file = join(await createFolder(t), 'netrc')
  const credentials = async (text: string, host: string) => {
    await writeFile(file, text)
    return credentialsInFile(file, host)
  }
  assert.deepEqual(await credentials(text, 'HOST.example'), { username: 'me', password: 'secret' })
  assert.deepEqual(await credentials(text, 'late.example'), { username: 'anybody', password: 'guest' })
  assert.equal(await credentials('machine a login b password c', 'host.example'), undefined)
  assert.equal(await credentials('', 'host.example'), undefined)
})

test('a file that is not there has no credentials; one that cannot be read is an error', async (t) => {
  const folder = await createFolder(t)
  assert.equal(await credentialsInFile(join(folder, 'netrc'), 'host'), undefined)
  await assert.rejects(credentialsInFile(folder, 'host'), SourceFailed)
})
