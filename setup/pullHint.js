import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two questions whether the server listens. */
const pause = 50

/**
 * Says how to pull an image as soon as the server listens.
 * @param {string} host
 * @param {string} port
 */
export async function tellHowToPull(host, port) {
  const server = `${isEverywhere(host) ? '127.0.0.1' : host}:${port}`
  while (!(await isHealthy(server))) await sleep(pause, undefined, { ref: false })
  const image = `${server}/shell/git/htop`
  const bold = process.stdout.isTTY && !process.env['NO_COLOR'] ? ['\x1b[1m', '\x1b[0m'] : ['', '']
  console.log(`
  Nixery is ready. From another terminal (docker needs no --tls-verify):

    ${bold[0]}podman pull --tls-verify=false ${image}${bold[1]}
    ${bold[0]}podman run --rm -it ${image} git --version${bold[1]}
`)
}

/**
 * Whether a server may listen there; another one that has the port would answer in its place.
 * @param {string} host
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export function isFreePort(host, text) {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) return Promise.resolve(false)
  return new Promise((resolve) => {
    const probe = createServer()
    probe.on('error', () => resolve(false))
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

/** @param {string} host */
function isEverywhere(host) {
  return host === '0.0.0.0' || host === '::'
}

/** @param {string} server `HOST:PORT` */
async function isHealthy(server) {
  try {
    return (await fetch(`http://${server}/healthz`)).ok
  } catch {
    return false
  }
}
