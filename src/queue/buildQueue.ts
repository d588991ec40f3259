import type { RunOptions } from '../work/events.ts'

/**
 * Does one job. When the signal is aborted, the job has to end: it then rejects, and the signal's reason says
 * why. That is `DeadlineExceeded` or `Stopping`.
 */
type Work<Job, Result> = (job: Job, run: RunOptions) => Promise<Result>

export interface BuildQueueOptions<Job, Result> {
  readonly work: Work<Job, Result>
  /** How many jobs this server does at the same time. */
  readonly concurrency: number
  /** How many jobs may wait. */
  readonly queueLimit: number
  /** How many jobs of one client may wait. Absent: as many as of all. */
  readonly clientLimit?: number
  /** Seconds from the start of a job to its end. The time in the queue does not count. */
  readonly deadline: number
}

/**
 * Where builds wait. A queue may belong to one process, or to several servers that share the work. Then any
 * of them may do a job, so jobs and results are plain JSON values. A queue is never the only place that knows
 * something: if it loses a job, the job is asked for again.
 */
export interface BuildQueue<Job, Result> {
  /**
   * Has a job done and returns its result. Callers with the same key share one job while it waits or runs. A
   * caller that does not wait any longer does not end the job. Jobs of different clients take turns.
   * @param client who asks; a shared job waits as a job of the first one
   * @throws QueueFull, Stopping, or the error of the work: its class, its message and its fields
   */
  run(key: string, job: Job, client?: string): Promise<Result>
  /**
   * Does other work of this server in the place of a job, so that one job fewer runs at the same time. It
   * goes before the jobs that wait. The work must end when the signal is aborted. If the server is stopping,
   * nothing is done.
   */
  runBetweenJobs(work: (signal: AbortSignal) => Promise<void>): Promise<void>
  /** Aborted, with `Stopping`, when this server ends its jobs. */
  readonly stopped: AbortSignal
  /**
   * Takes no new jobs and waits until this server's jobs have ended. Ends them when the patience is over.
   * @param patience seconds
   */
  stop(patience: number): Promise<void>
  /** Takes no new jobs and ends this server's jobs now. */
  abandon(): void
}
