import { InvalidData } from '../errors.ts'

/** Faults in an access file or in a file that it names, all of them, each with its file and line. */
export class AccessFileError extends InvalidData {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `the access file (NIXERY_ACCESS) has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    )
    this.faults = faults
  }
}
