import { resolve } from 'node:path'
import type { Address } from '../lib/listeners/address.js'
import type { Environment } from './define-config.js'
import type { Layer } from './settings.js'
import { readCommandLine } from './sources/cli.js'
import { configPlace } from './sources/config-place.js'
import { readConfigFile } from './sources/file.js'
import { splitWords } from './sources/words.js'
import { anchor, resolvedValue } from './values.js'

/**
 * Finds the control socket that a server with this configuration has, without reading anything else of it: an
 * application need not be named, and other settings may be wrong.
 * @param file  the config file, if it is named; otherwise it is looked for in `cwd`, as `unicorn` does
 * @returns undefined if none is configured
 * @throws UnicornError if the config file cannot be read, or the setting cannot be used
 */
export async function configuredSocket(
  file: string | undefined,
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
): Promise<Address | undefined> {
  const words = new Map(wordsOf(env))
  if (file !== undefined) words.set('config', { value: file, origin: 'command line --config' })
  const place = configPlace(words.get('config'), cwd)
  const found: Layer = place.file === undefined ? new Map() : await settingsOf(place.file, env)
  const given: Layer = new Map([...found, ...words])
  const known = { cwd, app: '' }
  const chdir = resolve(cwd, String(resolvedValue('chdir', given.get('chdir'), known)))
  const address = anchor('controlSocket', resolvedValue('controlSocket', given.get('controlSocket'), known), chdir)
  return address as Address | undefined // the row's parser made it
}

async function settingsOf(file: string, env: Environment): Promise<Layer> {
  const { settings } = await readConfigFile(file, env)
  return new Map([...settings].map(([name, value]) => [name, { value, origin: `config file ${file}` }] as const))
}

function wordsOf({ UNICORN_CMD_ARGS }: Environment): Layer {
  if (!UNICORN_CMD_ARGS) return new Map()
  const line = readCommandLine(splitWords(UNICORN_CMD_ARGS, 'UNICORN_CMD_ARGS'), 'UNICORN_CMD_ARGS')
  return line.kind === 'settings' ? line.given : new Map()
}
