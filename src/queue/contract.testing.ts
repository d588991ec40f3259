import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeadlineExceeded, EvaluationRefused, QueueFull, Stopping, TooManyRequests } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import type { BuildQueue, BuildQueueOptions } from './buildQueue.ts'

/** Jobs of the tests are words. */
type Options = BuildQueueOptions<string, string>
type Queue = BuildQueue<string, string>

interface Started {
  readonly job: string
  readonly run: RunOptions
  readonly finish: (result: string) => void
}

/** Work that the test finishes. It ends by itself only when its signal is aborted. */
function controlledWork() {
  const started: Started[] = []
  const work: Options['work'] = (job, run) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    started.push({ job, run, finish: resolve })
    run.signal.addEventListener('abort', () => reject(run.signal.reason))
    return promise
  }
  const nth = async (index: number): Promise<Started> => {
    for (let tries = 0; tries < 500; tries++) {
      const one = started[index]
      if (one) return one
      await sleep(10)
    }
    throw new Error(`job ${index} was not started`)
  }
  return { started, work, nth }
}

/** Long enough for a job to start, if it can (ms). */
const aMoment = 100

/** What every queue promises. An implementation is done when it passes. */
export function queueContract(name: string, open: (options: Options) => Promise<Queue>): void {
  const roomy = { concurrency: 2, queueLimit: 10, deadline: 60 }

  describe(`${name} queue`, () => {
    it('does a job and returns its result', async () => {
      const queue = await open({ ...roomy, work: async (job) => `${job} done` })
      assert.equal(await queue.run('a', 'A'), 'A done')
      await queue.stop(5)
    })

    it('takes one job of each client in turn: many jobs of one delay another by one', async () => {
      const { started, work } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, queueLimit: 500, work })
      const many = Array.from({ length: 200 }, (_, index) => queue.run(`greedy-${index}`, 'greedy', 'greedy'))
      const modest = queue.run('modest', 'modest', 'modest')
      for (let index = 0; started.length < 201; index++) {
        while (started.length <= index) await sleep(1)
        started[index]?.finish('done')
        await sleep(0)
      }
      started.at(-1)?.finish('done')
      await Promise.all([...many, modest])
      const place = started.findIndex(({ job }) => job === 'modest')
      assert.ok(place <= 2, `the modest client was number ${place}`)
      await queue.stop(5)
    })

    it('refuses more waiting jobs of one client than it may have, and takes those of others', async () => {
      const { work, started } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, queueLimit: 10, clientLimit: 2, work })
      const running = queue.run('a0', 'A', 'a')
      await sleep(aMoment)
      const waiting = [queue.run('a1', 'A', 'a'), queue.run('a2', 'A', 'a')]
      await assert.rejects(queue.run('a3', 'A', 'a'), TooManyRequests)
      // Whoever asks for the same again takes no further place.
      waiting.push(queue.run('a2', 'A', 'a'), queue.run('b1', 'B', 'b'))
      for (let index = 0; index < 4; index++) {
        while (started.length <= index) await sleep(1)
        started[index]?.finish('done')
      }
      await Promise.all([running, ...waiting])
      // Their places are free again.
      const later = queue.run('a3', 'A', 'a')
      while (started.length <= 4) await sleep(1)
      started[4]?.finish('done')
      assert.equal(await later, 'done')
      await queue.stop(5)
    })

    it('does a job once for all who ask while it waits or runs, and again after that', async () => {
      const { started, work, nth } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, work })
      const first = [queue.run('a', 'A'), queue.run('a', 'A')]
      const waiting = [queue.run('b', 'B'), queue.run('b', 'B')]
      ;(await nth(0)).finish('1')
      ;(await nth(1)).finish('2')
      assert.deepEqual(await Promise.all([...first, ...waiting]), ['1', '1', '2', '2'])
      const again = queue.run('a', 'A')
      ;(await nth(2)).finish('3')
      assert.equal(await again, '3')
      assert.deepEqual(
        started.map(({ job }) => job),
        ['A', 'B', 'A'],
      )
      await queue.stop(5)
    })

    it('does no more jobs at the same time than it may', async () => {
      const { started, work, nth } = controlledWork()
      const queue = await open({ ...roomy, work })
      const all = ['a', 'b', 'c'].map((key) => queue.run(key, key))
      await nth(1)
      await sleep(aMoment)
      assert.equal(started.length, 2)
      ;(await nth(0)).finish('')
      await nth(2)
      for (const one of started) one.finish('')
      await Promise.all(all)
      await queue.stop(5)
    })

    it('refuses a job if too many wait, but lets everybody share those that it has', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, queueLimit: 1, work })
      const running = queue.run('a', 'A')
      const { finish } = await nth(0)
      const waiting = queue.run('b', 'B')
      await assert.rejects(queue.run('c', 'C'), QueueFull)
      const shared = queue.run('b', 'B')
      finish('1')
      ;(await nth(1)).finish('2')
      assert.deepEqual(await Promise.all([running, waiting, shared]), ['1', '2', '2'])
      const again = queue.run('c', 'C')
      ;(await nth(2)).finish('3')
      assert.equal(await again, '3')
      await queue.stop(5)
    })

    it('gives everybody the error of the work, and forgets it then', async () => {
      let broken = true
      const work = async () => {
        if (broken) throw new EvaluationRefused('steam', 'steam is unfree')
        return 'mended'
      }
      const queue = await open({ ...roomy, work })
      const isRefused = (error: unknown) =>
        error instanceof EvaluationRefused &&
        error.message === 'steam is unfree' &&
        error.attribute === 'steam'
      await Promise.all([1, 2].map(() => assert.rejects(queue.run('a', 'A'), isRefused)))
      broken = false
      assert.equal(await queue.run('a', 'A'), 'mended')
      await queue.stop(5)
    })

    it('ends a job at its deadline, and says what the job was waiting for', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, deadline: 0.3, work })
      const late = queue.run('a', 'A')
      const { onEvent } = (await nth(0)).run
      onEvent({ kind: 'wait', what: 'waiting for the lock' })
      await assert.rejects(
        late,
        (error) => error instanceof DeadlineExceeded && /0\.3 s.*waiting for the lock/.test(error.message),
      )
      const again = queue.run('a', 'A')
      const { run } = await nth(1)
      run.onEvent({ kind: 'wait', what: 'waiting for the lock' })
      run.onEvent({ kind: 'wait', what: undefined })
      await assert.rejects(
        again,
        (error) => error instanceof DeadlineExceeded && !/waiting/.test(error.message),
      )
      await queue.stop(5)
    })

    it('does not count the time in the queue', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, deadline: 1, work })
      const first = assert.rejects(queue.run('a', 'A'), DeadlineExceeded)
      const second = queue.run('b', 'B')
      await first
      const { finish, run } = await nth(1)
      assert.equal(run.signal.aborted, false)
      finish('2')
      assert.equal(await second, '2')
      await queue.stop(5)
    })

    it('does other work in the place of a job, before those that wait', async () => {
      const { started, work, nth } = controlledWork()
      const queue = await open({ ...roomy, concurrency: 1, work })
      const running = queue.run('a', 'A')
      const { finish } = await nth(0)
      const waiting = queue.run('b', 'B')
      let ends: (() => void) | undefined
      const other = queue.runBetweenJobs(() => new Promise((resolve) => (ends = resolve)))
      finish('1')
      await running
      await sleep(aMoment)
      assert.deepEqual([started.length, ends === undefined], [1, false])
      ends?.()
      ;(await nth(1)).finish('2')
      await Promise.all([other, waiting])
      await queue.stop(5)
    })

    it('lets jobs end when it stops, and takes no others', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, work })
      const running = queue.run('a', 'A')
      const { finish, run } = await nth(0)
      const stopping = queue.stop(60)
      await assert.rejects(queue.run('b', 'B'), Stopping)
      await queue.runBetweenJobs(() => assert.fail('the queue is stopping'))
      assert.deepEqual([queue.stopped.aborted, run.signal.aborted], [false, false])
      finish('1')
      await stopping
      assert.equal(await running, '1')
      assert.ok(queue.stopped.reason instanceof Stopping)
    })

    it('ends jobs when the patience is over', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, work })
      const running = assert.rejects(queue.run('a', 'A'), Stopping)
      await nth(0)
      await queue.stop(0.05)
      await running
    })

    it('ends jobs and other work at once when it is abandoned', async () => {
      const { work, nth } = controlledWork()
      const queue = await open({ ...roomy, work })
      const running = assert.rejects(queue.run('a', 'A'), Stopping)
      const other = queue.runBetweenJobs(
        (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      )
      await nth(0)
      queue.abandon()
      await Promise.all([running, other])
      assert.ok(queue.stopped.reason instanceof Stopping)
      await assert.rejects(queue.run('b', 'B'), Stopping)
    })
  })
}
