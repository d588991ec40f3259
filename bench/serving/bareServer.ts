/**
 * The least that Node can do: answers every request with the same bytes. The JSON of its argument is headers
 * and body.
 */
import { createServer } from 'node:http'

const { headers, body } = JSON.parse(process.argv[2] ?? '{}')
const bytes = Buffer.from(body)
const server = createServer((_request, response) => {
  response.writeHead(200, { ...headers, 'content-length': bytes.length })
  response.end(bytes)
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
