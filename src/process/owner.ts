import { readFile, readlink } from 'node:fs/promises'

/** Where `/proc/<pid>/stat` has the time when the process started, behind the program's name (proc(5)). */
const startField = 22 - 3

/**
 * `<boot and pid namespace>.<pid>.<start>`: what tells a process from all others that had or will have its pid.
 * Containers count their pids each for itself, hence the namespace.
 * @param pid may be `self`
 */
export async function ownerOf(pid = 'self'): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const namespace = await readlink('/proc/self/ns/pid')
    const text = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The program's name is in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const machine = `${boot.slice(0, 8)}-${namespace.replace(/\D/g, '')}`
    return `${machine}.${text.split(' ', 1)[0] ?? ''}.${fields[startField] ?? ''}`
  } catch {
    return 'none.0.0'
  }
}

/**
 * Whether the owner that a name such as `<owner>.<more>` begins with is no more; undefined where it cannot be asked
 * for: it is of another machine, an earlier boot or another container.
 */
export async function isOwnerGone(name: string): Promise<boolean | undefined> {
  const [machine, pid = ''] = name.split('.')
  const own = await ownerOf()
  if (machine !== own.split('.')[0]) return undefined
  return !name.startsWith(`${await ownerOf(pid)}.`)
}
