import { parseArgs } from 'node:util'
import { dependentCounts } from '../../src/layers/dependents.ts'
import { indexGraph } from '../../src/layers/indexedGraph.ts'
import type { Closure, ClosureNode, LayerStrategy, SharedData } from '../../src/layers/plan.ts'
import { strategies } from '../../src/layers/strategies.ts'
import type { StorePath } from '../../src/store/storePath.ts'
import { floors, isWithin, otherFleet, seenIn, type Row } from './automatic.ts'
import { coverage, keyedWithVersions, updated, yearAgo } from './ageing.ts'
import { nixpkgsCohorts, nixpkgsPopularity } from './comparisons.ts'
import { debianGraph, otherDebianGraph } from './debian.ts'
import { chainedDownloads, downloads, Fleet, updates, type Planner } from './fleet.ts'
import { closureFor, drawWishes, type Wish } from './images.ts'
import { knowledgeOf } from './knowledge.ts'
import { nixGraph } from './nixGraph.ts'
import type { PackageGraph } from './packageGraph.ts'
import { print } from './print.ts'

const { values } = parseArgs({
  options: {
    graph: { type: 'string' },
    later: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    few: { type: 'string', default: '300' },
    many: { type: 'string', default: '2000' },
  },
})
const seeds = values.seeds.split(',').map(Number)
const [few, many] = [Number(values.few), Number(values.many)]
const manyClients = 20
const defaultBudget = 94
const updatedShare = 0.03

const nothing: SharedData = { popularity: new Map(), forest: new Map(), needed: new Map() }

const planner =
  (strategy: LayerStrategy, data: SharedData, budget: number = defaultBudget): Planner =>
  (closure) =>
    strategy(closure, data, budget)

const closuresFor = (
  wishes: readonly Wish[],
  nodes: ReadonlyMap<StorePath, ClosureNode>,
): readonly Closure[] => wishes.map((roots) => ({ roots, nodes: closureFor(roots, nodes) }))

const byPath = (nodes: readonly ClosureNode[]) => new Map(nodes.map((node) => [node.path, node]))

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** Means over the seeds of what is measured for each. */
function overSeeds(measure: (seed: number) => readonly number[]): readonly number[] {
  const measured = seeds.map(measure)
  return (measured[0] ?? []).map((_, column) => mean(measured.map((one) => one[column] ?? 0)))
}

/** What a fleet asks for, drawn by how many paths of the set need each program. */
function wishesFor(graph: PackageGraph): (seed: number) => readonly Wish[] {
  const indexed = indexGraph(graph.nodes)
  const counts = dependentCounts(indexed.successors)
  const needed = (path: StorePath) => counts[indexed.indexOf.get(path) ?? -1] ?? 1
  return (seed) => drawWishes(graph, needed, many, seed)
}

const graph = values.graph === undefined ? debianGraph() : await nixGraph(values.graph)
const start = process.threadCpuUsage()
const know = knowledgeOf(graph.nodes)
const growing = process.threadCpuUsage(start).user / 1000
const data = know(defaultBudget)
const wishes = wishesFor(graph)
const nodes = byPath(graph.nodes)

const sets = new Map(seeds.map((seed) => [seed, closuresFor(wishes(seed), nodes)]))
const closuresOf = (seed: number, count: number) => (sets.get(seed) ?? []).slice(0, count)
const sizes = seeds.flatMap((seed) => closuresOf(seed, many).map((closure) => closure.nodes.length))
process.stdout.write(
  [
    `${graph.origin}: ${graph.nodes.length} nodes, ${graph.programs.length} programs`,
    `the forest was grown in ${(growing / 1000).toFixed(1)} s, ${data.forest.size} nodes joined`,
    `${mean(sizes).toFixed(0)} paths in an image, ${((sizes.filter((size) => size > defaultBudget).length / sizes.length) * 100).toFixed(0)} % of the images have more than ${defaultBudget}`,
    `means of seeds ${seeds.join(', ')}`,
    '',
  ].join('\n'),
)

const single = planner(strategies.single, nothing)
const size = planner(strategies.size, nothing)
const dominators = planner(strategies.dominators, data)
const forest = planner(strategies.forest, data)
const compared: readonly (readonly [string, Planner])[] = [
  ['everything in one layer', single],
  ['nixpkgs, by popularity', planner(nixpkgsPopularity, nothing)],
  ['the original (dominators)', dominators],
  ["nixpkgs' newer size cohorts", planner(nixpkgsCohorts, nothing)],
  ['the largest paths single, the rest together (size; forest without a table)', size],
  ['**stable forest**', forest],
]

const columns = [
  `${few} images, 1 client`,
  `${few}, ${manyClients} clients`,
  `${many}, 1 client`,
  `${many}, ${manyClients} clients`,
]
print(
  'Bytes downloaded per byte of distinct store paths',
  [
    'strategy',
    ...columns,
    'layers per image',
    'server bytes / unique',
    'ms per plan',
    `${few}, 1 client that knows layers by chain`,
  ],
  compared.map(([name, plan]) => [
    name,
    ...overSeeds((seed) => {
      const fleet = new Fleet(plan)
      const closures = closuresOf(seed, many)
      const images = fleet.plan(closures)
      const [fewImages, fewClosures] = [images.slice(0, few), closures.slice(0, few)]
      return [
        downloads(fewImages, fewClosures, 1),
        downloads(fewImages, fewClosures, manyClients),
        downloads(images, closures, 1),
        downloads(images, closures, manyClients),
        fleet.layersPerImage,
        fleet.stored,
        fleet.planningTime,
        chainedDownloads(fewImages, fewClosures),
      ]
    }),
  ]),
)

/** The four columns of the first table, for the forest with other knowledge. */
const fourColumns = (plan: (seed: number) => Planner, closures: (seed: number) => readonly Closure[]) =>
  overSeeds((seed) => {
    const all = closures(seed)
    const images = new Fleet(plan(seed)).plan(all)
    return [few, many].flatMap((count) =>
      [1, manyClients].map((clients) => downloads(images.slice(0, count), all.slice(0, count), clients)),
    )
  })
const current = (seed: number) => closuresOf(seed, many)
const old = (seed: number) => knowledgeOf(yearAgo(graph.nodes, seed))(defaultBudget)
print(
  'The forest by a stale table (a year: 8 % of packages and of references new, 60 % of versions)',
  ['table', ...columns],
  [
    ['of this set', ...fourColumns(() => forest, current)],
    ['a year old', ...fourColumns((seed) => planner(strategies.forest, old(seed)), current)],
    [
      'a year old, if its names had versions',
      ...fourColumns((seed) => planner(strategies.forest, keyedWithVersions(old(seed), seed)), current),
    ],
    ['none', ...fourColumns(() => size, current)],
  ],
)

/** What servers know after so many images of another fleet. */
const grownFrom = (count: number) => (seed: number) =>
  planner(
    strategies.forest,
    knowledgeOf(seenIn(closuresFor(wishes(seed + otherFleet).slice(0, count), nodes)))(defaultBudget),
  )
const nextRevisions = new Map(
  seeds.map((seed) => {
    const { nodes: changed, pathOf } = updated(graph.nodes, updatedShare, true, seed)
    const roots = closuresOf(seed, many).map((closure) => closure.roots.map(pathOf))
    return [seed, { changed, closures: closuresFor(roots, byPath(changed)) }]
  }),
)
const next = (seed: number) => nextRevisions.get(seed)?.closures ?? []
const ofNext = (seed: number) =>
  planner(strategies.forest, knowledgeOf(nextRevisions.get(seed)?.changed ?? [])(defaultBudget))
const firstRows: readonly Row[] = [
  ['by hand, of the whole set', ...fourColumns(() => forest, current)],
  [`grown from ${many} images of another fleet`, ...fourColumns(grownFrom(many), current)],
]
const young: Row = [`grown from ${few} images of another fleet`, ...fourColumns(grownFrom(few), current)]
const nextRows: readonly Row[] = [
  ['next revision, by hand, of the whole set', ...fourColumns(ofNext, next)],
  ['next revision, that of the first, looked at whole', ...fourColumns(() => forest, next)],
  [
    `next revision, grown from ${few} images of the first, of another fleet`,
    ...fourColumns(grownFrom(few), next),
  ],
]
print(
  `Tables that servers make (the next revision: ${updatedShare * 100} % of the packages updated)`,
  ['table', ...columns],
  [...firstRows, young, ...nextRows],
)
if (!isWithin(floors.first, firstRows) || !isWithin(floors.second, nextRows)) process.exitCode = 1

if (values.later !== undefined) {
  const later = otherDebianGraph(values.later)
  const laterNodes = byPath(later.nodes)
  const own = knowledgeOf(later.nodes)(defaultBudget)
  const laterWishes = wishesFor(later)
  const laterSets = new Map(seeds.map((seed) => [seed, closuresFor(laterWishes(seed), laterNodes)]))
  const images = (seed: number) => laterSets.get(seed) ?? []
  print(
    `Images of ${later.origin} by the table of ${graph.origin}, which knows ${(coverage(later.nodes, data) * 100).toFixed(0)} % of it`,
    ['table', ...columns],
    [
      ['its own', ...fourColumns(() => planner(strategies.forest, own), images)],
      ['the older', ...fourColumns(() => forest, images)],
      ['none', ...fourColumns(() => size, images)],
    ],
  )
}

print(
  `After an update of ${updatedShare * 100} % of the packages, ${few} images, 1 client: bytes downloaded per byte of new store paths`,
  ['strategy', 'dependents rebuilt', 'not rebuilt'],
  compared.map(([name, plan]) => [
    name,
    ...overSeeds((seed) =>
      [true, false].map((dependents) => {
        const { nodes: changed, pathOf } = updated(graph.nodes, updatedShare, dependents, seed)
        const closures = closuresOf(seed, few)
        const fresh = closuresFor(
          closures.map(({ roots }) => roots.map(pathOf)),
          byPath(changed),
        )
        const fleet = new Fleet(plan)
        return updates(fleet.plan(closures), closures, fleet.plan(fresh), fresh)
      }),
    ),
  ]),
)

const budgets = [20, 60, 94, 120]
const budgeted: readonly (readonly [string, (budget: number) => Planner])[] = [
  ['nixpkgs, by popularity', (budget) => planner(nixpkgsPopularity, nothing, budget)],
  ['the original (dominators)', (budget) => planner(strategies.dominators, know(budget), budget)],
  ["nixpkgs' newer size cohorts", (budget) => planner(nixpkgsCohorts, nothing, budget)],
  ['the largest paths single', (budget) => planner(strategies.size, nothing, budget)],
  ['**stable forest**', (budget) => planner(strategies.forest, know(budget), budget)],
]
print(
  `By budget, ${few} images, 1 client`,
  ['strategy', ...budgets.map((budget) => `${budget} layers`)],
  budgeted.map(([name, plan]) => [
    name,
    ...overSeeds((seed) => {
      const closures = closuresOf(seed, few)
      return budgets.map((budget) => downloads(new Fleet(plan(budget)).plan(closures), closures, 1))
    }),
  ]),
)
