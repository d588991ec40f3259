import { NixeryError } from '../errors.ts'

/** The user pressed Ctrl-C. */
class Interrupted extends NixeryError {}

/**
 * Does work that Ctrl-C ends: the signal is aborted with an error of this message. A second Ctrl-C ends the
 * process.
 * @param message for the user: what is lost, and how to go on
 */
export async function interruptible<T>(
  message: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const onSignal = () => stop.abort(new Interrupted(message))
  process.once('SIGINT', onSignal)
  try {
    return await work(stop.signal)
  } finally {
    process.removeListener('SIGINT', onSignal)
  }
}
