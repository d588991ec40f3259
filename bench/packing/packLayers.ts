/** Makes layers as the server does: its packer, its storage. */
import { createPacker } from '../../src/archive/workerPacker.ts'
import { LayerMaker } from '../../src/images/layerMaker.ts'
import { createFilesystemStorage } from '../../src/storage/filesystem/filesystem.ts'
import { answer, told } from '../child.ts'
import { Stopwatch } from '../stopwatch.ts'
import type { PackingJob, Packed } from './job.ts'

const { layers, store, storage: folder, codec, segments, threads } = (await told()) as PackingJob
const storage = await createFilesystemStorage(folder)
const packer = createPacker({
  threads,
  codec: { name: codec },
  storeDirectory: store,
  segmentCache: { folder: segments, limit: 2 ** 40 },
})
const maker = new LayerMaker(packer, storage, threads + 3)
const { signal } = new AbortController()

// A server's threads run already.
await Promise.all(
  Array.from({ length: threads }, (_, at) =>
    maker.ofEntries([{ kind: 'directory', path: `thread-${at}`, mode: 0o755 }], signal),
  ),
)
const watch = new Stopwatch()
const idle = process.memoryUsage().rss
watch.restart()
const made = await Promise.all(layers.map((layer) => maker.ofStorePaths(layer, signal)))
const measured = watch.read()
await packer.close()
answer({
  ...measured,
  bytes: made.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
  idle,
} satisfies Packed)
