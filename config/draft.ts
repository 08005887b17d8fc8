import { resolve } from 'node:path'
import type { Draft } from './interpreter.js'
import type { Layer, SettingName } from './settings.js'
import { anchor, parse, resolvedValue } from './values.js'

/** The settings that say of an application whether it is in Python, and of which. */
export function draftOf(given: Layer, { cwd, variables }: Pick<Draft, 'cwd' | 'variables'>): Draft {
  const app = given.get('app')
  const known = { cwd, app: '' }
  const early = <Name extends keyof Draft & SettingName>(name: Name): Draft[Name] => {
    const chdir = resolve(cwd, String(resolvedValue('chdir', given.get('chdir'), known)))
    return anchor(name, resolvedValue(name, given.get(name), known), chdir) as Draft[Name] // the row's parser made it
  }
  return {
    cwd,
    variables,
    app: app && String(parse('app', app)),
    python: early('python'),
    pythonpath: early('pythonpath'),
    chdir: resolve(cwd, early('chdir')),
    interface: early('interface'),
    rawEnv: early('rawEnv'),
  }
}
