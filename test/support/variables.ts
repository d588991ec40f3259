import { join } from 'node:path'

/** Made by the set-up of `npm test`. */
export const demoSet = join(import.meta.dirname, '../../var/demo/set')

/**
 * What a server of its own is told: to serve the demo set. @param folder for storage and state. Variables as
 * in README.
 */
export function serverVariables(folder: string): Readonly<Record<string, string>> {
  return {
    NIXERY_HOST: '127.0.0.1',
    PORT: '0',
    NIXERY_PKGS_PATH: demoSet,
    STORAGE_PATH: join(folder, 'storage'),
    NIXERY_STATE_DIR: join(folder, 'state'),
    // Whether a background look ends in time depends on the machine, and digests depend on the table.
    NIXERY_LAYER_TABLES: 'manual',
  }
}
