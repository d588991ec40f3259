import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads lines `+ LEADER` (a process group started) and `- LEADER` (it ended). Its input ends when the server
 * ends, for whatever reason. Then the script asks the remaining groups to end, and kills them after five
 * seconds.
 */
const script = `
left=
while read -r sign leader; do
  rest=
  for one in $left; do [ "$one" = "$leader" ] || rest="$rest $one"; done
  left=$rest
  [ "$sign" = - ] || left="$left $leader"
done
signal=TERM
for second in 1 2 3 4 5; do
  rest=
  for one in $left; do kill -$signal -$one && rest="$rest $one"; done 2>/dev/null
  left=$rest
  [ -n "$left" ] || exit
  signal=0
  sleep 1
done
for one in $left; do kill -KILL -$one; done 2>/dev/null
`

/**
 * A process that lives a moment longer than this one. If this process is killed, it ends the programs that
 * this process started: they would otherwise keep running and keep locks of the Nix store. It does not keep
 * this process running. If it cannot be started, everything else still works.
 */
export class Watchdog {
  readonly #stdin: Socket | undefined

  constructor() {
    try {
      this.#stdin = start()
    } catch {
      // For example, there is not enough memory.
    }
  }

  /** @param leader of a process group that must end when this process ends */
  watch(leader: number): void {
    this.#stdin?.write(`+ ${leader}\n`)
  }

  forget(leader: number): void {
    this.#stdin?.write(`- ${leader}\n`)
  }
}

/** Returns the stdin of the script, or undefined if there was no file descriptor left for it. */
function start(): Socket | undefined {
  const child = spawn('/bin/sh', ['-c', script, 'nixery-watchdog'], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.on('error', () => {}).unref()
  return child.stdin instanceof Socket ? child.stdin.unref().on('error', () => {}) : undefined
}
