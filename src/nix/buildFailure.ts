import { BuildFailed, BuildTimedOut } from '../errors.ts'
import { lastWords, type NixOutcome } from './command.ts'
import type { NixError } from './nixLog.ts'

/**
 * Exit codes of a failed build start here; the lowest bit says that a builder ran out of time (Nix'
 * `worker.cc`).
 */
const BUILD_FAILURE = 100
const OUT_OF_TIME = 1

const derivation = /\/nix\/store\/[0-9a-z]{32}-[A-Za-z0-9+\-._?=]+?\.drv/
const outOfTime = /timed out after/
/** `1 dependencies of derivation '…' failed to build`, or `Reason: 1 dependency failed.` since 2.30. */
const notItsOwnFault = /dependenc(y|ies)\b.*failed/
/**
 * What Nix says of builds. A daemon's client ends with 1 whatever went wrong; `Cannot build` is since 2.30.
 */
const ofBuilds =
  /builder for .* failed|timed out after|failed to (build|produce)|hash mismatch in|is required to build|^Cannot build/

/** The derivation that really failed and why; undefined when what went wrong was not a build. */
export function buildFailureOf(outcome: NixOutcome): BuildFailed | undefined {
  const { errors } = outcome.log
  const named = errors.filter(({ text }) => derivation.test(text))
  const failedCode = outcome.code !== null && outcome.code >= BUILD_FAILURE
  if (!failedCode && !named.some(({ text }) => ofBuilds.test(text))) return undefined

  const culprit = named.find(({ text }) => !notItsOwnFault.test(text)) ?? named[0] ?? errors[0]
  const drv = culprit === undefined ? undefined : derivation.exec(culprit.text)?.[0]
  const logTail = drv === undefined ? outcome.log.messages : outcome.log.tailOf(drv)
  const timedOut = culprit
    ? outOfTime.test(culprit.text)
    : ((outcome.code ?? 0) & OUT_OF_TIME) === OUT_OF_TIME
  return new (timedOut ? BuildTimedOut : BuildFailed)(messageOf(culprit, outcome), drv, logTail)
}

/** Nix' words without the log lines that it repeats: those are in the tail. */
function messageOf(culprit: NixError | undefined, outcome: NixOutcome): string {
  if (culprit === undefined) return lastWords(outcome)
  const lines = culprit.text.split('\n').map((line) => line.trim())
  const end = lines.findIndex((line) => /^(last \d+ log lines:|Output paths:|For full logs, run)/i.test(line))
  const words = lines.slice(0, end === -1 ? lines.length : end).filter(Boolean)
  return words.join(' ').replace(/[;.]$/, '')
}
