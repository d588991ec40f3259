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

/** Makes the layers in a process of their own, into a storage that is empty before and gone after. */
export async function measure(kind: 'baseline' | 'packLayers', { folder, ...job }: Given): Promise<Packed> {
  const storage = join(folder, randomUUID())
  const program = beside(import.meta.url, kind)
  const core = kind === 'baseline' ? 0 : undefined
  const result = packed.parse(await inChild(program, { ...job, storage }, core))
  await rm(storage, { recursive: true })
  return result
}
