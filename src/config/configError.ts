import { NixeryError } from '../errors.ts'

/** Faults in the configuration, all of them. */
export class ConfigError extends NixeryError {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    )
    this.faults = faults
  }
}
