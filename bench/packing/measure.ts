import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beside } from '../beside.ts'
import { inChild } from '../child.ts'
import { packed, type Packed, type PackingJob } from './job.ts'

type Given = Omit<PackingJob, 'storage'> & {
  /** Where folders for blobs may be made. */
  readonly folder: string
}

const circumstances = {
  baseline: { core: 0 },
  packLayers: {},
  // As where the system has no libdeflate.
  packLayersByWasm: { options: '--no-experimental-ffi' },
}

/** Makes the layers in a process of their own, into a storage that is empty before and gone after. */
export async function measure(
  kind: 'baseline' | 'packLayers' | 'packLayersByWasm',
  { folder, ...job }: Given,
): Promise<Packed> {
  const storage = join(folder, randomUUID())
  const program = beside(import.meta.url, kind === 'baseline' ? kind : 'packLayers')
  const result = packed.parse(await inChild(program, { ...job, storage }, circumstances[kind]))
  await rm(storage, { recursive: true })
  return result
}
