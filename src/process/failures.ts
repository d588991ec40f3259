import { NixeryError } from '../errors.ts'
import { codeOf } from '../work/errno.ts'

/**
 * A program could not be started: it is not installed, it may not be run, or the system has no room for it.
 */
export class ProgramNotStarted extends NixeryError {
  readonly command: string
  constructor(command: string, options: { readonly cause: Error }) {
    super(`cannot run '${command}': ${reasonOf(options.cause)}`, options)
    this.command = command
  }
}

/** A program was ended because its output cannot be read any more. */
export class ProgramLost extends NixeryError {
  constructor(command: string, options: { readonly cause: Error }) {
    super(`'${command}' was ended: ${options.cause.message}`, options)
  }
}

function reasonOf(error: Error): string {
  const code = codeOf(error)
  if (code === 'ENOENT') return 'it is not installed, or not in the PATH'
  if (code === 'EACCES') return 'permission denied'
  return error.message
}

/** A program wrote more to stdout than its caller allows. It was ended. */
export class OutputTooLarge extends NixeryError {
  /** Bytes that the caller allows. */
  readonly maxStdout: number
  constructor(command: string, maxStdout: number) {
    super(`'${command}' wrote more than ${maxStdout} bytes`)
    this.maxStdout = maxStdout
  }
}
