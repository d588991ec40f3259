/** Something that holds threads, programs, timers, sockets or files. */
export interface Closes extends AsyncDisposable {
  /**
   * Closes all of it. Every call returns the promise of the first one. Rejects if a part cannot be closed,
   * but closes the other parts first.
   */
  close(): Promise<void>
}

/**
 * Makes something out of parts, some of which have to be closed. `close` closes the parts on the stack, the
 * last one first. If making fails, the parts that are on the stack by then are closed.
 * @param make puts each part on the stack as soon as it has made it
 * @throws what `make` throws; a `SuppressedError` of that if a part cannot be closed either
 */
export async function assemble<T extends object>(
  make: (stack: AsyncDisposableStack) => Promise<T>,
): Promise<T & Closes> {
  const stack = new AsyncDisposableStack()
  let closing: Promise<void> | undefined
  const close = () => (closing ??= stack.disposeAsync())
  try {
    return { ...(await make(stack)), close, [Symbol.asyncDispose]: close }
  } catch (fault) {
    await close().catch((error: unknown) => {
      throw new SuppressedError(error, fault)
    })
    throw fault
  }
}

/** What went wrong, in order of time: the language wraps a fault if closing fails after it. */
export function faultsIn(error: unknown): readonly unknown[] {
  if (!(error instanceof SuppressedError)) return [error]
  return [...faultsIn(error.suppressed), ...faultsIn(error.error)]
}
