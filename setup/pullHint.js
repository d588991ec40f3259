import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two questions whether the server listens. */
const pause = 50

/**
 * Says how to pull an image as soon as the server listens.
 * @param {string} port
 */
export async function tellHowToPull(port) {
  while (!(await isHealthy(port))) await sleep(pause, undefined, { ref: false })
  const image = `127.0.0.1:${port}/shell/git/htop`
  const bold = process.stdout.isTTY && !process.env['NO_COLOR'] ? ['\x1b[1m', '\x1b[0m'] : ['', '']
  console.log(`
  Nixery is ready. From another terminal (docker needs no --tls-verify):

    ${bold[0]}podman pull --tls-verify=false ${image}${bold[1]}
    ${bold[0]}podman run --rm -it ${image} git --version${bold[1]}
`)
}

/**
 * Whether a server may listen there; another one that has the port would answer in its place.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export function isFreePort(text) {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) return Promise.resolve(false)
  return new Promise((resolve) => {
    const probe = createServer()
    probe.on('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

/** @param {string} port */
async function isHealthy(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok
  } catch {
    return false
  }
}
