import type { Hooks } from './hooks.js'
import type { SnakeCase } from './names.js'
import type { FileSettings } from './settings.js'

type BothSpellings<Names> = Names & { [Name in keyof Names & string as SnakeCase<Name>]?: Names[Name] }

/** What a config file may hold: settings as users write them, and server hooks, in camelCase or snake_case. */
export type UserConfig = BothSpellings<FileSettings> & BothSpellings<Hooks>

/** The environment that `unicorn` was started with. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a config file may export as default where it has to work something out first. */
export type UserConfigFunction = (env: Environment) => UserConfig | Promise<UserConfig>

/** Gives a config file's values their types; returns what it got. */
export function defineConfig(config: UserConfig): UserConfig
export function defineConfig(config: UserConfigFunction): UserConfigFunction
export function defineConfig(config: UserConfig | UserConfigFunction): UserConfig | UserConfigFunction {
  return config
}
