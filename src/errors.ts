/**
 * What can go wrong, one class for each thing that a caller does differently.
 * How an error becomes an answer of the registry is the business of `http/errors.ts` alone.
 */
export abstract class NixeryError extends Error {
  /** The build that it ended, under the name that the server's log has for it. */
  build?: string

  override get name(): string {
    return this.constructor.name
  }
}

/** An image name that breaks the grammar; the message is the rule it broke. */
export class InvalidName extends NixeryError {}

/** A tag that the package source does not have, or does not allow. */
export class UnknownTag extends NixeryError {}

/** One attribute that the package set lacks, and names that are close to it. */
export interface MissingPackage {
  readonly attribute: string
  readonly nearMisses: readonly string[]
  /** What the attribute is when it is there, but is no package. */
  readonly reason?: string
}

/** Attributes that are not in the package set. */
export class PackagesNotFound extends NixeryError {
  readonly packages: readonly MissingPackage[]
  constructor(packages: readonly MissingPackage[]) {
    super(packages.map(describeMissing).join('; '))
    this.packages = packages
  }
}

function describeMissing({ attribute, nearMisses, reason }: MissingPackage): string {
  if (reason !== undefined) return `'${attribute}' is no package: ${reason}`
  const hint = nearMisses.length > 0 ? `, did you mean ${nearMisses.join(', ')}?` : ''
  return `package '${attribute}' is not in the package set${hint}`
}

/** An attribute that several names of the set match when case is ignored. */
export class AmbiguousPackage extends NixeryError {
  readonly attribute: string
  readonly choices: readonly string[]
  constructor(attribute: string, choices: readonly string[]) {
    super(`package '${attribute}' is ambiguous: it could be ${choices.join(' or ')}`)
    this.attribute = attribute
    this.choices = choices
  }
}

/** The package set refuses an attribute (unfree, broken, insecure); the message is its own sentence. */
export class EvaluationRefused extends NixeryError {
  readonly attribute: string
  constructor(attribute: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.attribute = attribute
  }
}

/** The package set could not be evaluated at all: a fault of the set or of its fetching. */
export class EvaluationFailed extends NixeryError {}

/** A derivation that failed to build. */
export class BuildFailed extends NixeryError {
  readonly derivation: string | undefined
  /** The last lines that the builder wrote, oldest first. */
  readonly logTail: readonly string[]
  constructor(message: string, derivation: string | undefined, logTail: readonly string[]) {
    super(message)
    this.derivation = derivation
    this.logTail = logTail
  }
}

/** A builder that ran, or was silent, for longer than it may. */
export class BuildTimedOut extends BuildFailed {}

/** The whole image took longer than `NIXERY_BUILD_DEADLINE`. */
export class DeadlineExceeded extends NixeryError {}

/** No place in the build queue. */
export class QueueFull extends NixeryError {
  /** Seconds after which to try again. */
  readonly retryAfter: number
  constructor(retryAfter: number) {
    super(`the build queue is full; try again in ${retryAfter} s`)
    this.retryAfter = retryAfter
  }
}

/** A blob that the storage does not hold (or held in a state that did not verify). */
export class BlobUnknown extends NixeryError {
  readonly digest: string
  constructor(digest: string) {
    super(`blob ${digest} is not in the storage`)
    this.digest = digest
  }
}

/** A manifest that the storage does not hold, or a blob that is no manifest. */
export class ManifestUnknown extends BlobUnknown {}

/** The storage does not work: full, unreachable, not permitted. */
export class StorageFailed extends NixeryError {}

/** Nix does not work: not installed, crashed, or its output makes no sense. */
export class NixFailed extends NixeryError {}

/** The package source cannot be reached or read. */
export class SourceFailed extends NixeryError {}

/** The package source cannot work as it is configured: trying again does not help. */
export class InvalidSource extends SourceFailed {}

/** A data file (popularity counts, reference graph) that cannot be read or makes no sense. */
export class InvalidData extends NixeryError {}

/** A layer that could not be packed: a store path that vanished or changed, a thread that died. */
export class PackingFailed extends NixeryError {}

/** A store path that is not in the store, or only in part, and whose bytes are not known otherwise: realise it, and try again. */
export class StorePathMissing extends PackingFailed {
  readonly path: string
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** The server cannot have the address that it was told. */
export class CannotListen extends NixeryError {}

/** The command line makes no sense. */
export class UsageError extends NixeryError {}

/** The server is stopping and takes no new work. */
export class Stopping extends NixeryError {
  constructor() {
    super('the server is stopping')
  }
}
