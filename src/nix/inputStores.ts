import { randomUUID } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NixFailed, PackageSetFailed } from '../errors.ts'
import type { RunOptions } from '../work/events.ts'
import { removeTree } from '../work/removeTree.ts'
import { lastWords } from './command.ts'
import { runConfined, type ConfinedOutcome, type EvaluationLimits } from './confinedNix.ts'
import { requestedInput, type InputRequest } from './inputRequest.ts'
import type { FetchInput } from './nix.ts'
import { quote } from './quote.ts'
import { refusedAddress } from './refusedAccess.ts'
import type { Scratch } from './sandbox/privateFolder.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

/** Things that one package set may fetch. */
const most = 32
/** Revisions whose inputs are kept. */
const mostStores = 4

interface InputStoresOptions {
  readonly sandbox: Sandbox
  readonly limits: EvaluationLimits
  readonly fetch: FetchInput
  /** Beginnings of addresses that may be fetched. */
  readonly allowedUris: readonly string[]
}

/** What `load.nix` is told about what was fetched. */
export interface KnownInputs {
  readonly known: readonly string[]
  /** Whether fetched expressions may fetch more. */
  readonly deep: boolean
}

/** A store of an evaluator's own that has what a package set fetches. */
interface InputStore {
  readonly scratch: Scratch
  /** By what `load.nix` asks for; the value is the hash of what came, in Nix' form. */
  readonly inputs: Map<string, string>
  deep: boolean
  /** Evaluations that use it now. */
  users: number
  /** Whether it goes when nobody uses it any more. */
  retired: boolean
}

/** One evaluation in a store, with these arguments beside its own. */
type EvaluateIn = (scratch: Scratch, inputs: KnownInputs, args: readonly string[]) => Promise<ConfinedOutcome>

/**
 * Lets package sets fetch while they are evaluated (`fetchTarball`, `fetchurl`), though evaluators reach no
 * network: the evaluation stops and says what it needs, the server downloads it into the evaluator's own
 * store, and it is evaluated again. For revisions that the operator trusts.
 */
export class InputStores {
  readonly #options: InputStoresOptions
  readonly #stores = new Map<string, Promise<InputStore>>()

  constructor(options: InputStoresOptions) {
    this.#options = options
  }

  /** Whether a revision is known to fetch. */
  has(revision: string | undefined): boolean {
    return revision !== undefined && this.#stores.has(revision)
  }

  /**
   * Evaluates until nothing is missing. The store stays until others have been used after it.
   * @param revision identity of the set; without it, the store is gone afterwards
   * @throws PackageSetFailed if something may not be fetched, or is not what the set expects; SourceFailed;
   * NixFailed
   */
  async evaluate<T>(
    revision: string | undefined,
    evaluate: EvaluateIn,
    use: (outcome: ConfinedOutcome, scratch: Scratch) => Promise<T>,
    run: RunOptions,
  ): Promise<T> {
    const store = await (revision === undefined ? this.#create(true) : this.#storeOf(revision))
    store.users += 1
    try {
      return await use(await this.#evaluate(store, evaluate, run), store.scratch)
    } finally {
      store.users -= 1
      if (store.retired && store.users === 0) await store.scratch.remove()
    }
  }

  async close(): Promise<void> {
    const stores = [...this.#stores.values()]
    this.#stores.clear()
    await Promise.allSettled(stores.map(async (store) => (await store).scratch.remove()))
  }

  async #evaluate(store: InputStore, evaluate: EvaluateIn, run: RunOptions): Promise<ConfinedOutcome> {
    for (;;) {
      const known = [...store.inputs.keys()]
      const addresses = known.map((key) => requestOf(key).url)
      const args = ['--option', 'allowed-uris', addresses.join(' ')]
      const outcome = await evaluate(store.scratch, { known, deep: store.deep }, args)
      if (outcome.code === 0) return outcome
      const words = outcome.log.errors.map(({ text }) => text).join('\n')
      const request = requestedInput(words)
      if (request && !store.inputs.has(request.key)) {
        await this.#add(store, request.key, request.input, run)
        continue
      }
      const wrong = addresses.find((address) => words.includes(`'${address}'`))
      if (wrong !== undefined) throw mismatch(store, wrong)
      if (refusedAddress(words) === undefined || store.deep) return outcome
      store.deep = true
    }
  }

  async #add({ scratch, inputs }: InputStore, key: string, input: InputRequest, run: RunOptions) {
    const { kind, name, url } = input
    const { fetch, allowedUris } = this.#options
    const address = quote(url)
    if (input.sha256 === null || input.sha256 === '')
      throw new PackageSetFailed(
        `the package set fetches ${address} without a hash: it has to say sha256 = …`,
      )
    if (!allowedUris.some((start) => isBelow(start, url)) || /\s/.test(url)) {
      throw new PackageSetFailed(
        `the package set fetches ${address}, which NIXERY_ALLOWED_URIS does not allow (${allowedUris.join(', ')})`,
      )
    }
    if (inputs.size >= most) throw new PackageSetFailed(`the package set fetches more than ${most} addresses`)
    const folder = join(scratch.folder, `input-${randomUUID()}`)
    await mkdir(folder)
    try {
      const path = join(folder, name)
      run.onEvent({ kind: 'log', line: `fetching ${address} for the package set` })
      await fetch({ kind, url }, path, run)
      await chmod(folder, 0o755)
      const flat = kind === 'file'
      const hash = await this.#ask(scratch, ['hash', flat ? 'file' : 'path', '--type', 'sha256', path], run)
      const add = flat ? 'add-file' : 'add-path'
      await this.#ask(scratch, ['store', add, '--store', scratch.store, '--name', name, path], run)
      inputs.set(key, hash)
    } finally {
      await removeTree(folder)
    }
  }

  async #ask(scratch: Scratch, args: readonly string[], run: RunOptions): Promise<string> {
    const { sandbox, limits } = this.#options
    const outcome = await runConfined(sandbox, 'nix', args, { scratch }, limits, run)
    if (outcome.code === 0) return outcome.stdout.trim()
    throw new NixFailed(`what the package set fetches cannot be used: ${quote(lastWords(outcome))}`)
  }

  #storeOf(revision: string): Promise<InputStore> {
    const store = this.#stores.get(revision) ?? this.#create()
    // The one that was used last is the last.
    this.#stores.delete(revision)
    this.#stores.set(revision, store)
    store.catch(() => this.#stores.delete(revision))
    for (const [old, unused] of [...this.#stores].slice(0, -mostStores)) {
      this.#stores.delete(old)
      void unused.then(retire).catch(() => {})
    }
    return store
  }

  async #create(retired = false): Promise<InputStore> {
    const scratch = await this.#options.sandbox.createScratch()
    return { scratch, inputs: new Map(), deep: false, users: 0, retired }
  }
}

/** `https://example.org` does not allow `https://example.org.other`. */
function isBelow(start: string, url: string): boolean {
  return url === start || url.startsWith(start.endsWith('/') ? start : `${start}/`)
}

async function retire(store: InputStore): Promise<void> {
  store.retired = true
  if (store.users === 0) await store.scratch.remove()
}

/** @param key as `load.nix` wrote it */
function requestOf(key: string): InputRequest {
  return JSON.parse(key) as InputRequest
}

/** Nix tries to fetch again what does not have the hash that it expects. */
function mismatch({ inputs }: InputStore, url: string): PackageSetFailed {
  const [key, hash] = [...inputs].find(([one]) => requestOf(one).url === url) ?? ['', '']
  const expected = key === '' ? '' : quote(requestOf(key).sha256 ?? '')
  return new PackageSetFailed(
    `the package set expects ${quote(url)} to have the hash ${expected}, but it has ${hash}`,
  )
}
