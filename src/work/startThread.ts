import { extname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a thread whose program lies beside a module: as TypeScript, or compiled as that is.
 * @param module its `import.meta.url`; @param name of the program's file, without its extension
 */
export function startThread(module: string, name: string, options: WorkerOptions = {}): Worker {
  const program = new URL(`./${name}${extname(new URL(module).pathname)}`, module)
  // Without the options of this process: some of them are not for files.
  return new Worker(program, { execArgv: [], ...options })
}
