/**
 * Whether a file of `src` is for tests only: a test (`*.test.ts`) or what tests share (`testing.ts`,
 * `*.testing.ts`). Such files are not shipped: `tsconfig.build.json` excludes them by the same names.
 */
export function isTestFile(path: string): boolean {
  return /(?:\.test|[./]testing)\.ts$/.test(path)
}
