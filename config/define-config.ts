import type { Hooks } from './hooks.js'
import type { SnakeCase } from './names.js'
import type { FileSettings } from './settings.js'

type BothSpellings<Names> = Names & { [Name in keyof Names & string as SnakeCase<Name>]?: Names[Name] }

/** What a config file may hold: settings as users write them, and server hooks, in camelCase or snake_case. */
export type UserConfig = BothSpellings<FileSettings> & BothSpellings<Hooks>

/** The environment variables that `unicorn` was started with. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The default export of a config file that computes its settings. */
export type UserConfigFunction = (env: Environment) => UserConfig | Promise<UserConfig>

/** Gives the values of a config file their types. Returns its argument. */
export function defineConfig(config: UserConfig): UserConfig
export function defineConfig(config: UserConfigFunction): UserConfigFunction
export function defineConfig(config: UserConfig | UserConfigFunction): UserConfig | UserConfigFunction {
  return config
}
