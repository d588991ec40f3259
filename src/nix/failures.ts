import { NixFailed } from '../errors.ts'

/**
 * The local store has no such derivation, and its outputs cannot be substituted: it has to be instantiated
 * first.
 */
export class DerivationMissing extends NixFailed {}
