import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { loadFresh } from '../../config/sources/module.js'
import { toError, UnicornError } from '../errors.js'
import { isObject, property } from '../sys/objects.js'
import { isFile } from './project.js'

type App = Readonly<Record<string, unknown>>

/** What an ecosystem file of PM2's has. */
interface Ecosystem {
  readonly apps: readonly App[]
  /** Whether it describes a deployment over ssh, too. */
  readonly deploys: boolean
}

const ENDINGS = ['.js', '.cjs', '.mjs', '.ts', '.json']

/** Reads an ecosystem file, which is run if it is JavaScript. @throws UnicornError that says what is wrong with it */
export async function readPm2File(name: string, directory: string): Promise<Ecosystem> {
  const file = resolve(directory, name)
  if (!ENDINGS.includes(extname(file))) {
    const wanted = `${ENDINGS.join(', ')}, or py for Gunicorn's`
    throw new UnicornError(`--from ${name}: found the ending "${extname(file)}", wanted ${wanted}`, {
      wanted,
      where: file,
    })
  }
  if (!isFile(file)) throw new UnicornError(`--from ${name}: found no such file`, { where: file })
  const content = await contentOf(file).catch(error => {
    throw new UnicornError(`--from ${name}: ${toError(error).message}`, { where: file, error })
  })
  const list = [property(content, 'apps') ?? content].flat()
  const apps = list.filter((app): app is App => isObject(app) && !Array.isArray(app))
  const scripted = apps.filter(app => typeof (app.script ?? app.exec) === 'string')
  if (scripted.length === 0 || scripted.length < list.length) {
    const wanted = 'an object with apps, a list of applications with a script each'
    throw new UnicornError(`--from ${name}: found no script in one of its applications, wanted ${wanted}`, {
      wanted,
      where: file,
    })
  }
  return { apps: scripted, deploys: isObject(property(content, 'deploy')) }
}

async function contentOf(file: string): Promise<unknown> {
  if (extname(file) === '.json') {
    const { parse } = await import('jsonc-parser')
    return parse(readFileSync(file, 'utf8'), undefined, { allowTrailingComma: true })
  }
  const exported = await loadFresh(file)
  return property(exported, 'default') ?? exported
}
