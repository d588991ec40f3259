/** What happens during a long operation, for logs, pages and metrics. Lines carry no line break. */
export type BuildEvent =
  | { readonly kind: 'log'; readonly line: string; readonly derivation?: string }
  | { readonly kind: 'phase'; readonly phase: string; readonly derivation?: string }
  | { readonly kind: 'build'; readonly derivation: string }
  | { readonly kind: 'substitute'; readonly storePath: string }
  /** What others do that has to be waited for; undefined: it goes on. */
  | { readonly kind: 'wait'; readonly what: string | undefined }
  | { readonly kind: 'step'; readonly step: string; readonly seconds: number }

/** How every long operation is ended from outside, and where it tells what it does. */
export interface RunOptions {
  readonly signal: AbortSignal
  readonly onEvent: (event: BuildEvent) => void
}

/** For work that tells nothing. */
export function silently(signal: AbortSignal): RunOptions {
  return { signal, onEvent: () => {} }
}
