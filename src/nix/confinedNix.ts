import type { RunOptions } from '../work/events.ts'
import { LOG_ARGS, runLogged, type NixOutcome } from './command.ts'
import { boundedLog } from './evaluationLog.ts'
import { NixLog } from './nixLog.ts'
import type { NixProgram, Room, Sandbox } from './sandbox/sandbox.ts'
import { StoreSize } from './sandbox/storeSize.ts'
import { watch, type Excess } from './sandbox/watch.ts'

/** What Nix may use for one evaluation. */
export interface EvaluationLimits {
  /** Bytes of address space. */
  readonly memory: number
  /** Seconds of processor time. */
  readonly seconds: number
  /** Bytes of what it writes. */
  readonly space: number
}

/** How a program of Nix ended in the sandbox, and whether it had used too much. */
export interface ConfinedOutcome extends NixOutcome {
  readonly excess?: Excess
}

/** Bytes of an answer: it holds all names of a package set if a package is missing. */
const mostStdout = 16 * 1024 * 1024
/** Milliseconds. An evaluation leaves nothing untidy behind. */
const grace = 1_000
/**
 * Seconds that the system's own limit of processor time comes later: the server ends a process itself, so
 * that it can say why, unless it is gone.
 */
const backstop = 10

/** Runs one of Nix' programs in the sandbox. How it ended is for the caller to judge. @throws NixFailed */
export async function runConfined(
  sandbox: Sandbox,
  program: NixProgram,
  args: readonly string[],
  room: Omit<Room, 'seconds'>,
  limits: EvaluationLimits,
  { signal, onEvent }: RunOptions,
): Promise<ConfinedOutcome> {
  const confined = await sandbox.confine(program, [...LOG_ARGS, ...args], {
    ...room,
    seconds: limits.seconds + backstop,
  })
  const stop = new AbortController()
  let excess: Excess | undefined
  let process: number | undefined
  const time = { pid: () => process, seconds: limits.seconds }
  const end = watch({ size: new StoreSize(room.scratch.store), space: limits.space, time }, (what) => {
    excess = what
    stop.abort()
  })
  try {
    const outcome = await runLogged(
      confined.command,
      confined.args,
      { ...confined.options, maxStdout: mostStdout, graceMs: grace, onStarted: (pid) => (process = pid) },
      { signal: AbortSignal.any([signal, stop.signal]), onEvent: boundedLog(onEvent) },
    )
    return ranOutOfMemory(outcome) ? { ...outcome, excess: 'memory' } : outcome
  } catch (error) {
    if (excess !== undefined && !signal.aborted) return { ...ended, log: new NixLog(onEvent), excess }
    throw error
  } finally {
    end()
  }
}

/** A program that was ended. */
const ended = { code: null, signal: 'SIGTERM', stdout: '', stderrTail: [] } as const

function ranOutOfMemory({ code, log }: NixOutcome): boolean {
  if (code === 0) return false
  const words = [...log.errors.map(({ text }) => text), ...log.messages]
  return words.some((line) => /^(error: )?out of memory|^GC Warning: Out of Memory/i.test(line))
}

const units = { GiB: 1024 ** 3, MiB: 1024 ** 2 }

/** A sentence's end, after what was evaluated. */
export function describeExcess(excess: Excess, { memory, seconds, space }: EvaluationLimits): string {
  switch (excess) {
    case 'time':
      return `took more than ${seconds} s of processor time (NIXERY_EVALUATION_TIME)`
    case 'memory':
      return `needed more than ${sizeOf(memory)} of memory (NIXERY_EVALUATION_MEMORY)`
    case 'space':
      return `wrote more than ${sizeOf(space)}`
  }
}

function sizeOf(bytes: number): string {
  const [unit, size] = bytes >= units.GiB ? (['GiB', units.GiB] as const) : (['MiB', units.MiB] as const)
  return `${Math.round((bytes / size) * 10) / 10} ${unit}`
}
