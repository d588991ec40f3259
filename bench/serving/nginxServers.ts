import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An nginx that knows nothing of registries: the files of the storage, sent by the kernel. */
export function plainFiles(port: number, storage: string): string {
  return `sendfile on; tcp_nopush on;
server { listen 127.0.0.1:${port}; location / { root ${storage}; } }`
}

/** The configuration that users get, with the addresses of this run in it. */
export function deployed(port: number, server: string, storage: string): string {
  return readFileSync(join(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8')
    .replace('server 127.0.0.1:8080;', `server ${server};`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('alias /var/lib/nixery/storage/;', `alias ${storage}/;`)
}
