import { HookRunner } from '../../../config/hook-runner.js'
import type { Hooks, Logger } from '../../../config/hooks.js'
import type { Config } from '../../../config/settings.js'
import type { Boot } from '../protocol.js'

/** Reads the functions of the config file, if there is one: they cannot travel in the boot message. */
export async function readHooks({ config, configFile }: Boot<Config>, log: Logger): Promise<HookRunner<'worker'>> {
  const hooks = configFile === undefined ? {} : await load(configFile)
  return new HookRunner('worker', { hooks, config, log })
}

/** Imported only here: most servers have no config file, and its reader brings the whole table of settings. */
async function load(configFile: string): Promise<Hooks> {
  const { loadHooks } = await import('../../../config/sources/file.js')
  return loadHooks(configFile)
}
