import { join } from 'node:path'
import { root } from '../../setup/machine.js'

/** Kept between runs; git does not see it. */
export const matrixFolder = join(root, 'var', 'matrix')

/** The demo set for this machine and for arm64. */
export const matrixSet = join(matrixFolder, 'set')

/** Of the machines that run; beginning with the process that made them. */
export const workFolder = join(matrixFolder, 'work')

/** The program that runs arm64's programs. */
export const qemu = join(matrixFolder, 'qemu-aarch64-static')

/** @param {string} suite */
export function clientRoot(suite) {
  return join(matrixFolder, 'roots', suite)
}
