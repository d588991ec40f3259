import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createSecureContext } from 'node:tls'
import { InvalidData } from '../errors.ts'
import type { Logger } from '../logger.ts'

/** Milliseconds between two looks at the files. */
const interval = 5_000

interface TlsPaths {
  readonly certificate: string
  readonly key: string
}

/** A certificate and its key, as PEM. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
}

/** A certificate in files. When they change, new connections get the new one. */
export class TlsFiles {
  readonly #paths: TlsPaths
  readonly #logger: Logger
  #pair: TlsPair
  #refused: string | undefined
  #timer: NodeJS.Timeout | undefined

  private constructor(paths: TlsPaths, logger: Logger, pair: TlsPair) {
    this.#paths = paths
    this.#logger = logger
    this.#pair = pair
  }

  /** @throws InvalidData if the files cannot be read, or do not belong together */
  static async read(paths: TlsPaths, logger: Logger): Promise<TlsFiles> {
    return new TlsFiles(paths, logger, await readPair(paths))
  }

  get pair(): TlsPair {
    return this.#pair
  }

  /** Gives a server each new certificate. If the new one has a fault, the old one stays. */
  follow(server: Server): void {
    this.#timer = setInterval(() => void this.#look(server), interval).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  async #look(server: Server): Promise<void> {
    try {
      const pair = await readPair(this.#paths)
      this.#refused = undefined
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return
      this.#pair = pair
      if ('setSecureContext' in server && typeof server.setSecureContext === 'function')
        server.setSecureContext(pair)
      this.#logger.info('the certificate has changed: new connections get the new one')
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      if (fault !== this.#refused)
        this.#logger.error({ fault }, 'the new certificate is not used: the old one stays')
      this.#refused = fault
    }
  }
}

async function readPair({ certificate, key: keyFile }: TlsPaths): Promise<TlsPair> {
  try {
    const [cert, key] = await Promise.all([readFile(certificate, 'utf8'), readFile(keyFile, 'utf8')])
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidData(
      `the certificate ${certificate} and its key ${keyFile} (NIXERY_TLS_CERT, NIXERY_TLS_KEY) cannot be used: ${why}`,
      { cause },
    )
  }
}
