import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. Never throws for what the program says; only when it cannot be started. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += String(chunk)))
    child.stderr.on('data', (chunk) => (stderr += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** podman and buildah with storage of their own, and settings that work inside a container too. */
export class Podman {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nixery-podman-'))
  readonly #env: Readonly<Record<string, string>>
  #driver: Promise<string> | undefined

  constructor() {
    const config = join(this.#folder, 'containers.conf')
    writeFileSync(
      config,
      [
        '[containers]',
        // A machine without CAP_SYS_RESOURCE cannot raise its limits.
        'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]',
        '[engine]',
        'runtime = "runc"',
        'cgroup_manager = "cgroupfs"',
        'events_logger = "file"',
        '',
      ].join('\n'),
    )
    this.#env = { CONTAINERS_CONF: config, XDG_RUNTIME_DIR: this.#folder }
  }

  async run(...args: readonly string[]): Promise<Outcome> {
    const driver = await (this.#driver ??= this.#bestDriver())
    return this.#with('podman', driver, ...args)
  }

  /** buildah sees the images that podman has pulled. */
  async buildah(...args: readonly string[]): Promise<Outcome> {
    const driver = await (this.#driver ??= this.#bestDriver())
    return this.#with('buildah', driver, ...args)
  }

  /** vfs works everywhere, but copies every layer. */
  async #bestDriver(): Promise<string> {
    const { code } = await this.#with('podman', 'overlay', 'info')
    return code === 0 ? 'overlay' : 'vfs'
  }

  #with(program: string, driver: string, ...args: readonly string[]): Promise<Outcome> {
    const places = ['--root', join(this.#folder, 'root'), '--runroot', join(this.#folder, 'run')]
    return run(program, [...places, '--storage-driver', driver, ...args], this.#env)
  }

  pull(image: string): Promise<Outcome> {
    return this.run('pull', '--quiet', '--tls-verify=false', image)
  }

  async remove(): Promise<void> {
    // The overlay driver leaves its folder mounted onto itself.
    await run('umount', ['--lazy', join(this.#folder, 'root', 'overlay')])
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
