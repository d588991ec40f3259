import { isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { nameOf, type Identity } from '../access/identity.ts'

/** Who shares one portion of the server: somebody who logged in, or else an address. */
export function clientKey(request: FastifyRequest, identity: Identity | undefined): string {
  if (identity && identity.kind !== 'anonymous') return nameOf(identity)
  return networkOf(request.ip)
}

/**
 * An address, or the network of an IPv6 address: whoever has one address there has 2^64 of them (RFC 4291,
 * 2.5.4).
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const words = (text: string) => text.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - words(head).length - words(tail).length) }, () => '0')
  const all = address.includes('::') ? [...words(head), ...zeros, ...words(tail)] : words(head)
  return `${all
    .slice(0, 4)
    .map((word) => Number.parseInt(word, 16).toString(16))
    .join(':')}::/64`
}
