import type { TestContext } from 'node:test'
import { readFileSync } from 'node:fs'

/** Whether a process is running. One that has ended and was not waited for is not. For tests. */
export function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Sets variables of the environment while a test runs; undefined removes one. */
export function setEnvironment(
  context: TestContext,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  const set = (values: Readonly<Record<string, string | undefined>>) => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]))
  set(variables)
  context.after(() => set(before))
}
