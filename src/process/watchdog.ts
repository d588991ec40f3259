import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Takes lines `+ LEADER` and `- LEADER` of process groups. Its input ends with the server, however that ends: then it
 * asks the groups that are left to end, and kills those that have not done so after five seconds.
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
 * A process that outlives this one for a moment: a program that this one started would go on when this one is killed, and
 * hold locks of the Nix store. It keeps nobody from ending. Where it cannot be started, all else works.
 */
export class Watchdog {
  readonly #stdin: Socket | undefined

  constructor() {
    try {
      this.#stdin = start()
    } catch {
      // Such as for want of memory.
    }
  }

  /** @param leader of a process group, which is to go when this process does */
  watch(leader: number): void {
    this.#stdin?.write(`+ ${leader}\n`)
  }

  forget(leader: number): void {
    this.#stdin?.write(`- ${leader}\n`)
  }
}

/** Its input; undefined where there was no file descriptor left for it. */
function start(): Socket | undefined {
  const child = spawn('/bin/sh', ['-c', script, 'nixery-watchdog'], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.on('error', () => {}).unref()
  return child.stdin instanceof Socket ? child.stdin.unref().on('error', () => {}) : undefined
}
