/**
 * Asks for one thing over and over, on so many connections, for so many seconds, and throws the answers away.
 */
import { connect } from 'node:net'
import { answer, told } from '../child.ts'
import type { Load, Loaded } from './loadJob.ts'

/** What a connection reads at once. */
const readSize = 256 * 1024
const endOfHead = Buffer.from('\r\n\r\n')

const { address, path, headers, connections, seconds } = (await told()) as Load
const { hostname, port, host } = new URL(address)
const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
const request = Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)

let bytes = 0
const latencies: number[] = []
const start = performance.now()
const end = start + seconds * 1000
await Promise.all(Array.from({ length: connections }, ask))
const wall = (performance.now() - start) / 1000
const sorted = latencies.toSorted((a, b) => a - b)
const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
answer({ wall, requests: sorted.length, bytes, p50: at(0.5), p99: at(0.99) } satisfies Loaded)

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = 0
    /** Bytes of the body that are still to come; undefined while its head is. */
    let rest: number | undefined
    let head = Buffer.alloc(0)
    const send = () => {
      asked = performance.now()
      rest = undefined
      head = Buffer.alloc(0)
      socket.write(request)
    }
    const take = (chunk: Buffer) => {
      if (rest === undefined) {
        head = Buffer.concat([head, chunk])
        const at = head.indexOf(endOfHead)
        if (at < 0) return
        const text = head.toString('latin1', 0, at)
        if (!text.startsWith('HTTP/1.1 200')) throw new Error(text)
        const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? Number.NaN)
        rest = length - (head.length - at - endOfHead.length)
        bytes += head.length
      } else {
        rest -= chunk.length
        bytes += chunk.length
      }
      if (rest > 0) return
      const now = performance.now()
      latencies.push(now - asked)
      if (now < end) return send()
      socket.destroy()
      resolve()
    }
    const socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: Buffer.alloc(readSize),
        callback: (count, buffer) => {
          try {
            take(Buffer.from(buffer.buffer, buffer.byteOffset, count))
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)))
          }
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('connect', send)
    socket.on('close', () => reject(new Error('the connection was closed')))
  })
}
