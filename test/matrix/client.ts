import type { Outcome } from '../support/clients.ts'
import type { Machine } from './machine.ts'

/** A container client on a machine. Nothing here throws for what the client says. */
export interface Client {
  /** @param image without transport: `127.0.0.1:PORT/shell/git:latest` or `…/git@sha256:…` */
  pull(image: string): Promise<Outcome>
  /**
   * Runs a command with an image that was pulled. The machine's folder `/matrix/shared` is the container's
   * `/shared`.
   */
  run(image: string, command: readonly string[]): Promise<Outcome>
}

export interface ClientKind {
  /** As the tables name it. */
  readonly name: string
  /** The Debian package that it is of. */
  readonly package: string
  start(machine: Machine): Promise<Client>
}
