/** Returns `postFork` as `post_fork`, the form of Gunicorn's names. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** The same for types: `SnakeCase<'postFork'>` is `'post_fork'`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name

/** Maps both spellings of each name to the one in camelCase. */
export function bothSpellings<Name extends string>(names: readonly Name[]): Map<string, Name> {
  return new Map(names.flatMap(name => [[name, name] as const, [snakeCase(name), name] as const]))
}
