import type { StorePath } from '../store/storePath.ts'
import type { PathInfo } from '../store/pathInfo.ts'
import type { ListsRecords } from '../storage/interfaces.ts'
import { recordedPaths } from './recordedPaths.ts'
import type { Finding, Search } from './search.ts'

/** All paths of the outputs that servers on a storage have made images of. @throws StorageFailed */
export async function findInRecords(
  records: ListsRecords,
  outputs: { find(path: StorePath): Promise<{ readonly closure: readonly PathInfo[] } | undefined> },
  { onProgress }: Search,
): Promise<Finding> {
  const nodes = await recordedPaths(records, outputs, (done, of) => onProgress('records', done, of))
  return { origin: "the server's records", nodes, remarks: [] }
}
