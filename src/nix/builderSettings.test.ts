import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NixFailed } from '../errors.ts'
import { builderFacts, type BuilderFacts } from './builderFacts.ts'
import { builderSettings, refusedBuilders } from './builderSettings.ts'
import { createTestNix } from './testing.ts'

const demoSet = fileURLToPath(new URL('../../var/demo/set', import.meta.url))

/** Root on a bare machine, with a Nix that can allocate user ids. */
const bare: BuilderFacts = {
  demo: false,
  root: true,
  daemon: false,
  groups: new Set(['root', 'nogroup']),
  settings: new Map([
    ['auto-allocate-uids', 'false'],
    ['build-users-group', 'nixbld'],
  ]),
}
const oldNix = new Map([['build-users-group', 'nixbld']])
const emptyGroup = new Map([...bare.settings, ['build-users-group', '']])

const allocates = [
  'sandbox-fallback = false',
  'build-users-group =',
  'auto-allocate-uids = true',
  'sandbox = true',
]
const feature = 'extra-experimental-features = auto-allocate-uids'
const refuses = ['sandbox-fallback = false', 'build-users-group = nixbld']

interface Case {
  readonly what: string
  readonly facts: Partial<BuilderFacts>
  readonly own?: string
  readonly lines: readonly string[]
  readonly warning?: RegExp
}

const cases: readonly Case[] = [
  { what: 'root without build users gets user ids of Nix', facts: {}, lines: [...allocates, feature] },
  {
    what: 'an empty group in nix.conf does not make builders root',
    facts: { settings: emptyGroup },
    lines: [...allocates, feature],
  },
  {
    what: 'root with build users uses them, and no build goes on without a sandbox',
    facts: { groups: new Set(['nixbld']) },
    lines: ['sandbox-fallback = false'],
  },
  {
    what: 'a Nix that cannot allocate ids refuses to build as root',
    facts: { settings: oldNix },
    lines: refuses,
    warning: /no users/,
  },
  {
    what: 'so does one that cannot be asked',
    facts: { settings: new Map() },
    lines: refuses,
    warning: /no users/,
  },
  {
    what: 'an operator may want builders that are root, and is warned',
    facts: { settings: emptyGroup },
    own: 'build-users-group =\nsandbox = false',
    lines: ['sandbox-fallback = false', 'build-users-group =', 'sandbox = false'],
    warning: /as root/,
  },
  {
    what: "the operator's features do not take ours away",
    facts: {},
    own: 'experimental-features = flakes',
    lines: [...allocates, 'experimental-features = flakes', feature],
  },
  {
    what: 'an ordinary user builds as itself, in a sandbox',
    facts: { root: false },
    lines: ['sandbox-fallback = false'],
  },
  { what: 'a daemon has settings of its own', facts: { root: false, daemon: true }, lines: [] },
  {
    what: 'a shell that was unpacked takes the place of one that is not there',
    facts: { root: false, sandboxPaths: '/bin/sh=/here/sh' },
    lines: ['sandbox-fallback = false', 'sandbox-paths = /bin/sh=/here/sh'],
  },
  {
    what: "the demo set's builders need the machine's programs",
    facts: { demo: true },
    lines: ['sandbox = false', 'substitute = false', 'build-users-group ='],
  },
]

for (const { what, facts, own, lines, warning } of cases) {
  test(what, () => {
    const settings = builderSettings({ ...bare, ...facts }, own)
    assert.deepEqual(settings.env['NIX_CONFIG']?.split('\n') ?? [], lines)
    if (warning) assert.match(settings.warning ?? '', warning)
    else assert.equal(settings.warning, undefined)
  })
}

test('other failures of Nix are no refusal', () => {
  assert.equal(refusedBuilders([{ text: "builder for '/nix/store/x.drv' failed" }]), undefined)
})

/** Whose user id the root of a builder's user namespace is outside of it. @throws NixFailed */
async function userOfBuilder(t: TestContext, set: string | undefined): Promise<string> {
  const own = set === undefined ? 'substituters =' : ''
  const { env } = builderSettings(await builderFacts(set), own)
  const { nix, instantiate, run } = await createTestNix(t, { env })
  const script = 'while read -r line; do echo "$line"; done < /proc/self/uid_map > $out'
  const packages = await instantiate(
    `{ a = make "who" ${JSON.stringify(script).replaceAll('$', '\\$')} { }; }`,
    ['a'],
  )
  const root = await nix.realise(packages, run)
  const [, outside = ''] = (await readFile(packages[0]?.outputs[0]?.path ?? '', 'utf8')).trim().split(/\s+/)
  await root.release()
  return outside
}

const { root, groups } = await builderFacts(demoSet)
const skip = root && !groups.has('nixbld') ? false : 'needs root on a machine without build users'

test('builders of a real set are not root, or do not run', { skip }, async (t) => {
  try {
    assert.match(await userOfBuilder(t, undefined), /^[1-9]\d+$/)
  } catch (error) {
    assert.ok(error instanceof NixFailed, String(error))
    assert.match(error.message, /only in a sandbox .*NIX_CONFIG/)
  }
})

test('the demo set builds as root on a bare machine', { skip }, async (t) => {
  assert.equal(await userOfBuilder(t, demoSet), '0')
})
