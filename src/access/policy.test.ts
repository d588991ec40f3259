import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anonymous, type Identity } from './identity.ts'
import { parseAccessFile } from './parseAccessFile.ts'
import { decide } from './policy.ts'

const rules = parseAccessFile(
  `default: deny
anonymous: true
issuers:
  - { name: github, issuer: https://token.example.org, audience: nixery }
rules:
  - name: no ffmpeg
    who: [anonymous]
    packages: [ffmpeg*]
    action: deny
    message: ask platform@example.org for ffmpeg
  - packages: [git, htop, python3Packages.*]
    action: allow
  - who: ['user:al*', 'robot:ci']
    tags: [v*]
    action: allow
  - who:
      - issuer: github
        claims: { repository: acme/*, groups: [ops, dev] }
    platforms: [linux/arm64]
    action: allow
  - name: no secrets
    tags: [internal]
    action: deny
  - who: [anonymous]
    packages: [ffmpeg.dev, jq]
    action: allow
`,
  'access.yaml',
)

const user = (name: string): Identity => ({ kind: 'user', name })
const robot = (name: string): Identity => ({ kind: 'robot', name })
const holder = (claims: Record<string, string | readonly string[]>, issuer = 'github'): Identity => ({
  kind: 'oidc',
  issuer,
  subject: 'x',
  claims,
})

type Case = readonly [
  Identity,
  packages: readonly string[],
  tag: string | undefined,
  allowed: boolean,
  rule: RegExp,
]

const cases: Readonly<Record<string, Case>> = {
  'what a rule allows is allowed': [anonymous, ['git'], 'latest', true, /rule 2/],
  'case does not count': [anonymous, ['python3packages.requests'], 'latest', true, /rule 2/],
  'what no rule matches follows the default': [anonymous, ['go'], 'latest', false, /default/],
  'every package has to be allowed': [anonymous, ['git', 'go'], 'latest', false, /default/],
  'packages may be allowed by different rules': [anonymous, ['git', 'jq'], 'latest', true, /rule 2/],
  'a refused package decides for all': [anonymous, ['git', 'ffmpeg'], 'latest', false, /no ffmpeg/],
  'an output of a denied package is denied': [anonymous, ['ffmpeg.bin'], 'latest', false, /no ffmpeg/],
  'a denied package is denied in another set, too': [
    anonymous,
    ['pkgs.ffmpeg.bin'],
    'latest',
    false,
    /no ffmpeg/,
  ],
  'the first rule that matches counts': [anonymous, ['ffmpeg.dev'], 'latest', false, /no ffmpeg/],
  'what is allowed is just that: not what lies below it': [
    anonymous,
    ['git.pkgs'],
    'latest',
    false,
    /default/,
  ],
  'a user matches by pattern': [user('alice'), ['go'], 'v1', true, /rule 3/],
  'another user does not': [user('bob'), ['go'], 'v1', false, /default/],
  'a robot of that name is no user': [robot('alice'), ['go'], 'v1', false, /default/],
  'a robot matches': [robot('ci'), ['go'], 'v1', true, /rule 3/],
  'a tag has to match': [user('alice'), ['go'], 'latest', false, /default/],
  'some tag is enough if none is named': [user('alice'), ['go'], undefined, true, /rule 3/],
  'a rule that denies one tag does not count then': [anonymous, ['jq'], undefined, true, /rule 6/],
  'but for the tag itself': [anonymous, ['jq'], 'internal', false, /no secrets/],
  'claims match': [holder({ repository: 'acme/app', groups: ['dev'] }), ['go'], 'latest', true, /rule 4/],
  'every claim has to': [
    holder({ repository: 'acme/app', groups: ['qa'] }),
    ['go'],
    'latest',
    false,
    /default/,
  ],
  'a claim that is missing does not': [
    holder({ repository: 'acme/app' }),
    ['go'],
    'latest',
    false,
    /default/,
  ],
  'a claim that is like another does not': [
    holder({ repository: 'evil/acme/app', groups: 'ops' }),
    ['go'],
    'latest',
    false,
    /default/,
  ],
  'claims of another issuer do not count': [
    holder({ repository: 'acme/app', groups: 'ops' }, 'other'),
    ['go'],
    'latest',
    false,
    /default/,
  ],
}

describe('of the rules', () => {
  for (const [sentence, [identity, packages, tag, allowed, rule]] of Object.entries(cases)) {
    it(sentence, () => {
      const decision = decide(rules, identity, { packages, tag, architecture: 'arm64' })
      assert.equal(decision.allowed, allowed)
      assert.match(decision.rule, rule)
    })
  }

  it('a platform has to match', () => {
    const identity = holder({ repository: 'acme/app', groups: 'ops' })
    assert.equal(
      decide(rules, identity, { packages: ['go'], tag: 'latest', architecture: 'amd64' }).allowed,
      false,
    )
  })

  it('the sentence of the rule is the message', () => {
    const decision = decide(rules, anonymous, { packages: ['ffmpeg'], tag: 'latest', architecture: 'amd64' })
    assert.ok(!decision.allowed)
    assert.equal(decision.message, 'ask platform@example.org for ffmpeg')
  })
})

describe('after the evaluation', () => {
  const late = parseAccessFile(
    `default: allow
rules:
  - { name: no gpl, who: [anonymous], licences: ['AGPL-*', unknown], action: deny, message: ask legal@example.org }
  - { name: no ffmpeg, packages: [ffmpeg], action: deny }
  - { who: ['user:alice'], licences: [mit, 'bsd-*'], action: allow }
  - { who: ['user:alice'], revisions: ['git:abc*'], action: allow }
  - { who: ['user:alice'], action: deny }
`,
    'access.yaml',
  )
  const allowed = (
    identity: Identity,
    licences: readonly string[] | undefined,
    names: readonly string[] = [],
    revision = 'git:0',
  ) =>
    decide(late, identity, {
      packages: ['tool'],
      tag: 'latest',
      architecture: 'amd64',
      evaluated: licences && { revision, packages: [{ attribute: 'tool', names, licences }] },
    }).allowed

  it('a licence that is denied is denied, also as one of several', () => {
    assert.equal(allowed(anonymous, ['MIT']), true)
    assert.equal(allowed(anonymous, ['AGPL-3.0-or-later']), false)
    assert.equal(allowed(anonymous, ['MIT', 'AGPL-3.0-only']), false)
    assert.equal(allowed(anonymous, ['unknown']), false)
  })

  it('a rule that allows licences needs all of them', () => {
    assert.equal(allowed(user('alice'), ['MIT', 'BSD-3-Clause']), true)
    assert.equal(allowed(user('alice'), ['MIT', 'GPL-2.0-only']), false)
  })

  it('another name of a denied program is denied', () => {
    assert.equal(allowed(anonymous, ['MIT'], ['tool', 'ffmpeg']), false)
  })

  it('a revision counts', () => {
    assert.equal(allowed(user('alice'), ['GPL-2.0-only'], [], 'git:abcdef'), true)
  })

  it('before it nothing is refused that could be allowed', () => {
    assert.equal(allowed(anonymous, undefined), true)
    assert.equal(allowed(user('alice'), undefined), true)
  })

  it('ATTACK: a package of which nothing is recorded any more does not pass a rule by', () => {
    const evaluated = { revision: 'git:0', packages: [] }
    const wanted = { packages: ['tool'], tag: 'latest', architecture: 'amd64', evaluated } as const
    const decision = decide(late, anonymous, wanted)
    assert.equal(decision.allowed, false)
    // Rules that do not look at packages decide as before.
    assert.equal(decide({ default: 'allow', rules: [] }, anonymous, wanted).allowed, true)
  })
})
