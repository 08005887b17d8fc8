import type { Hooks } from '../../../config/hooks.js'

/** Loaded only here: most servers have no config file, and it brings the whole table of settings. */
export async function readHooks(configFile: string): Promise<Hooks> {
  const { loadHooks } = await import('../../../config/sources/file.js')
  return loadHooks(configFile)
}
