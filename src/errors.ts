/**
 * What can go wrong: one class for each thing that a caller does differently. Errors do not change once they
 * are made. `http/errors.ts` decides how each of them is answered.
 */
export abstract class NixeryError extends Error {
  override get name(): string {
    return this.constructor.name
  }
}

/** An image name that breaks a rule of the grammar. The message says which rule. */
export class InvalidName extends NixeryError {}

/** A tag that the package source does not have or does not allow. */
export class UnknownTag extends NixeryError {}

/** An attribute that the package set does not have, and names that are similar to it. */
export interface MissingPackage {
  readonly attribute: string
  readonly nearMisses: readonly string[]
  /** What the attribute is, if it exists but is not a package. */
  readonly reason?: string
}

/** Attributes that the package set does not have. */
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

/** An attribute that matches several names of the package set if case is ignored. */
export class AmbiguousPackage extends NixeryError {
  readonly attribute: string
  readonly choices: readonly string[]
  constructor(attribute: string, choices: readonly string[]) {
    super(`package '${attribute}' is ambiguous: it could be ${choices.join(' or ')}`)
    this.attribute = attribute
    this.choices = choices
  }
}

/**
 * The package set refuses an attribute because it is unfree, broken or insecure. The message is the set's
 * own.
 */
export class EvaluationRefused extends NixeryError {
  readonly attribute: string
  constructor(attribute: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.attribute = attribute
  }
}

/** A package cannot be evaluated, or not within the limits. The package set itself can. */
export class EvaluationFailed extends NixeryError {}

/**
 * The package set cannot be evaluated at all. It is broken, or it needs a newer Nix. Its operator has to act.
 */
export class PackageSetFailed extends NixeryError {}

/** A derivation failed to build. */
export class BuildFailed extends NixeryError {
  readonly derivation: string | undefined
  /** The last lines of the builder's log, oldest first. */
  readonly logTail: readonly string[]
  constructor(message: string, derivation: string | undefined, logTail: readonly string[]) {
    super(message)
    this.derivation = derivation
    this.logTail = logTail
  }
}

/** A builder ran for too long, or was silent for too long. */
export class BuildTimedOut extends BuildFailed {}

/** The whole image took longer than `NIXERY_BUILD_DEADLINE`. */
export class DeadlineExceeded extends NixeryError {}

/** An image that could not be made. The cause says why, and decides how it is answered. */
export class ImageNotBuilt extends NixeryError {
  /** The name of the build in the server's log. */
  readonly build: string
  constructor(build: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.build = build
  }
}

/** Why something failed: the cause, if a build failed, and otherwise the error itself. */
export function reasonOf(error: unknown): unknown {
  return error instanceof ImageNotBuilt ? error.cause : error
}

/** The build queue is full. */
export class QueueFull extends NixeryError {
  /** Seconds after which the client should try again. */
  readonly retryAfter: number
  constructor(retryAfter: number) {
    super(`the build queue is full; try again in ${retryAfter} s`)
    this.retryAfter = retryAfter
  }
}

/** A blob that the storage does not have, or that does not match its digest. */
export class BlobUnknown extends NixeryError {
  readonly digest: string
  constructor(digest: string) {
    super(`blob ${digest} is not in the storage`)
    this.digest = digest
  }
}

/** A manifest that the storage does not have, or a blob that is not a manifest. */
export class ManifestUnknown extends BlobUnknown {}

/** The storage does not work. For example, it is full, unreachable or not permitted. */
export class StorageFailed extends NixeryError {}

/** Nix does not work. It is not installed, it crashed, or its output makes no sense. */
export class NixFailed extends NixeryError {}

/** The package source cannot be reached or read. */
export class SourceFailed extends NixeryError {}

/** The package source cannot work as it is configured. Trying again does not help. */
export class InvalidSource extends SourceFailed {}

/** A data file, such as popularity counts or a reference graph, cannot be read or makes no sense. */
export class InvalidData extends NixeryError {}

/** A layer could not be packed. For example, a store path changed meanwhile, or a thread died. */
export class PackingFailed extends NixeryError {}

/** A store path is missing or incomplete, and no cache has its bytes. Realise it before the next attempt. */
export class StorePathMissing extends PackingFailed {
  readonly path: string
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** The server cannot listen on the configured address. */
export class CannotListen extends NixeryError {}

/** The command line makes no sense. */
export class UsageError extends NixeryError {}

/** The server is stopping. It takes no new work. */
export class Stopping extends NixeryError {
  constructor() {
    super('the server is stopping')
  }
}
