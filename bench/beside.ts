import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program beside a module, compiled as that is. @param name without its extension */
export function beside(module: string, name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(new URL(module).pathname)}`, module))
}
