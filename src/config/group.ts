import { z } from 'zod'
import { ConfigError } from './configError.ts'

/** The variables of the environment that are set, by name. None is empty. */
export type Given = Readonly<Record<string, string>>

interface Group<Shape extends z.ZodRawShape, Value> {
  /** The variables, each with the rule that its text must follow. */
  readonly variables: Shape
  /** What is wrong with several variables together. Also called if single variables are wrong. */
  readonly faults?: (given: Given) => readonly string[]
  /** Makes the value. Called only if the variables have no fault so far. @throws ConfigError */
  readonly value: (variables: z.output<z.ZodObject<Shape>>, given: Given) => Value
}

/**
 * A topic of the configuration: a few variables, and the one value that the program gets for them.
 * @returns a function that makes the value. It throws a `ConfigError` with all faults of the topic.
 */
export function group<Shape extends z.ZodRawShape, Value>({
  variables,
  faults = () => [],
  value,
}: Group<Shape, Value>): (given: Given) => Value {
  const schema = z.object(variables)
  return (given) => {
    const parsed = schema.safeParse(given)
    const single = parsed.success ? [] : parsed.error.issues.map((issue) => describe(issue, given))
    const all = [...single, ...faults(given)]
    if (!parsed.success || all.length > 0) throw new ConfigError(all)
    return value(parsed.data, given)
  }
}

function describe(issue: z.core.$ZodIssue, given: Given): string {
  const name = String(issue.path[0])
  return `${name} ${issue.message} (it is '${given[name] ?? ''}')`
}
