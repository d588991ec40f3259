import { NixFailed } from '../errors.ts'

/**
 * The derivation was collected from the store and its outputs are not to be had either.
 * Evaluating the attribute anew brings it back.
 */
export class DerivationGone extends NixFailed {}
