import { readFile } from 'node:fs/promises'
import { InvalidData } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Storage } from '../storage/interfaces.ts'
import { Access } from './access.ts'
import { Issuers } from './issuers.ts'
import { Passwords } from './passwords.ts'
import { PolicyWatch } from './policyWatch.ts'
import { RobotTokens } from './robotTokens.ts'
import { SessionTokens } from './sessionTokens.ts'
import { ConfiguredKeys, StoredKeys, type SigningKeys } from './signingKeys.ts'

/** Characters of a configured key: 256 random bits in base64 have 43. */
const shortestKey = 32

interface AccessOptions {
  /** The access file. */
  readonly file: string
  /** A file of keys for tokens, one a line. Undefined: the servers make keys and keep them in the storage. */
  readonly keyFile: string | undefined
}

/** Starts to follow an access file. The caller stops it. @throws AccessFileError, InvalidData */
export async function createAccess(
  { file, keyFile }: AccessOptions,
  storage: Pick<Storage, 'records' | 'objects'>,
  logger: Logger,
): Promise<{ readonly access: Access; stop(): Promise<void> }> {
  const tokens = new SessionTokens(keyFile === undefined ? new StoredKeys(storage) : await readKeys(keyFile))
  const policy = await PolicyWatch.start(file, logger)
  const robots = new RobotTokens(storage)
  const access = new Access({ policy, passwords: new Passwords(), robots, issuers: new Issuers(), tokens })
  return { access, stop: () => policy.stop() }
}

async function readKeys(path: string): Promise<SigningKeys> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InvalidData(`the file of keys ${path} (NIXERY_TOKEN_KEYS) cannot be read`, { cause })
  })
  const [first, ...others] = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  if (first === undefined || [first, ...others].some(({ length }) => length < shortestKey))
    throw new InvalidData(
      `the file of keys ${path} (NIXERY_TOKEN_KEYS) needs lines of ${shortestKey} characters or more`,
    )
  return new ConfiguredKeys([first, ...others])
}
