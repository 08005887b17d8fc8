import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findDjango } from '../application/python/recognise.js'
import { UnicornError } from '../errors.js'
import { readStartCommand, type StartCommand } from './command-line.js'
import { isFile, type Manifest, type Project, type Start } from './project.js'

const ENDINGS = ['ts', 'mts', 'js', 'mjs', 'cjs']
/** As most projects call them; those that listen by themselves come first. */
const USUAL = ['server', 'app', 'index', 'main'].flatMap(name => [name, `src/${name}`])
/** What a module that serves has in it, by a listener or by an export. */
const SERVES =
  /\.listen\(|createServer\(|\bexport\s+default\b|\bmodule\.exports\s*=|\b(?:export\s+\w+\s+|exports\.)application\b/
const PYTHON_USUAL = ['wsgi', 'asgi', 'app', 'main', 'application', 'api', 'server'].flatMap(name => [
  name,
  `app/${name}`,
  `src/${name}`,
])
/** `app = Flask(__name__)`, `api: FastAPI = fastapi.FastAPI()` */
const PYTHON_APP =
  /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:Flask|FastAPI|Starlette|Quart|Litestar|Sanic|get_[wa]sgi_application)\(/m
const PYTHON_FACTORY = /^def (create_app|make_app)\(\s*(?:\)|\w+\s*(?::[^,=)]+)?=)/m

/**
 * Finds out what starts the application of a project: as `unicorn` alone would (Django), then by what is written down
 * (Procfile, package.json), then by the names of files. Runs nothing of the project.
 * @throws UnicornError if nothing is found, with the places it looked at
 */
export function findStart(project: Project, named?: string): Start {
  const { directory, manifest } = project
  if (named !== undefined) return { settings: { app: named }, why: 'named on the command line of unicorn init' }
  const found =
    django(directory) ??
    procfile(project) ??
    script(project) ??
    (manifest && (main(project, manifest) ?? usualFile(directory))) ??
    python(directory) ??
    pythonInSource(directory) ??
    usualFile(directory)
  if (found) return found
  const pm2 = isFile(directory, 'ecosystem.config.js')
    ? '; PM2 has a file here: unicorn init --from ecosystem.config.js'
    : ''
  const places =
    'manage.py, Procfile, package.json (start and main), Flask and FastAPI, and server, app, index and main'
  const wanted = manifest?.isMonorepo
    ? 'unicorn init in the directory of one of its packages'
    : 'unicorn init MODULE:EXPORT'
  throw new UnicornError(
    `found no application in ${directory}: looked for ${places}; name it, as in: ${wanted}${pm2}`,
    {
      found: 'no application',
      wanted,
      where: directory,
    },
  )
}

function django(directory: string): Start | undefined {
  const app = findDjango(directory)
  if (app === undefined) return undefined
  const notes = isFile(directory, app.replace(/\.wsgi:.*/, ''), 'asgi.py')
    ? [`With async views or WebSockets, it is ${app.replace('.wsgi:', '.asgi:')}.`]
    : []
  return { settings: { app }, why: 'a Django project, found beside manage.py', notes }
}

function procfile(project: Project): Start | undefined {
  if (!isFile(project.directory, 'Procfile')) return undefined
  const text = readFileSync(join(project.directory, 'Procfile'), 'utf8')
  return started(project, /^web:\s*(.+)$/m.exec(text)?.[1], 'Procfile, web')
}

function script(project: Project): Start | undefined {
  const { manifest } = project
  for (const name of ['start:prod', 'start']) {
    const text = manifest?.scripts.get(name)
    const found = /^nest start/.test(text ?? '')
      ? inSource(project, { settings: { app: 'dist/main.js' } }, `package.json, scripts.${name}`)
      : started(project, text, `package.json, scripts.${name}`)
    if (found) return found
  }
  return undefined
}

function started(project: Project, command: string | undefined, why: string): Start | undefined {
  const found = command && readStartCommand(command, project.manifest?.scripts ?? new Map())
  return found ? inSource(project, found, why) : undefined
}

/** What a build makes may not be there yet: the server runs its source as it is. */
function inSource(project: Project, { settings, notes = [] }: StartCommand, why: string): Start {
  const directory = join(project.directory, String(settings.chdir ?? ''))
  const app = String(settings.app).replace(/^\.\//, '')
  const [, file = app, rest = ''] = /^([^:]*)(:.*)?$/.exec(app) ?? []
  const known = existing(directory, file)
  if (known !== undefined) return { settings: { ...settings, app: `${known}${rest}` }, why, notes }
  if (!/^(?:dist|build|lib|out)\//.test(file)) return { settings: { ...settings, app }, why, notes }
  const bare = file.replace(/\.[cm]?js$/, '')
  const sources = [bare.replace(/^\w+\//, 'src/'), bare.replace(/^\w+\//, ''), bare.replace(/^\w+\/(src\/)?/, 'src/')]
  const source = sources.map(each => existing(directory, each)).find(each => each !== undefined)
  if (source === undefined)
    return { settings: { ...settings, app }, why, notes: [...notes, `${file} is not there yet: build it.`] }
  const which = `It is the source of ${file}, which needs no build. After a build, ${file}${rest} starts faster.`
  return { settings: { ...settings, app: `${source}${rest}` }, why, notes: [...notes, which] }
}

function main(project: Project, { main: file }: Manifest): Start | undefined {
  if (file === undefined) return undefined
  const start = inSource(project, { settings: { app: file } }, 'package.json, main')
  const found = existing(project.directory, String(start.settings.app))
  return found !== undefined && serves(project.directory, found) ? start : undefined
}

function usualFile(directory: string): Start | undefined {
  const app = USUAL.map(name => existing(directory, name)).find(file => file !== undefined && serves(directory, file))
  return app === undefined ? undefined : { settings: { app }, why: 'found by its name' }
}

function serves(directory: string, file: string): boolean {
  return SERVES.test(readFileSync(join(directory, file), 'utf8'))
}

function existing(directory: string, file: string): string | undefined {
  return [file, ...ENDINGS.map(ending => `${file}.${ending}`)].find(each => isFile(directory, each))
}

/** A package in a directory of its own, `src/shop/main.py`, is imported from there. */
function pythonInSource(directory: string): Start | undefined {
  const source = join(directory, 'src')
  const packages = namesIn(source).filter(name => isFile(source, name, '__init__.py'))
  const found = packages.length > 0 ? python(source) : undefined
  return found && { ...found, settings: { ...found.settings, pythonpath: ['src'] }, why: `${found.why} in src` }
}

function namesIn(directory: string): string[] {
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(directory) : []
}

function python(directory: string): Start | undefined {
  const others = namesIn(directory).flatMap(name => [name.replace(/\.py$/, ''), `${name}/__init__`, `${name}/main`])
  for (const name of new Set([...PYTHON_USUAL, ...others.filter(each => /^[A-Za-z_][\w/]*$/.test(each))])) {
    if (!isFile(directory, `${name}.py`)) continue
    const text = readFileSync(join(directory, `${name}.py`), 'utf8')
    const app = PYTHON_APP.exec(text)?.[1]
    const factory = PYTHON_FACTORY.exec(text)?.[1]
    if (app === undefined && factory === undefined) continue
    const module = name.replace(/\/__init__$/, '').replaceAll('/', '.')
    // A file in a directory that is no package, such as src, is found by its path.
    const isPackaged = !name.includes('/') || isFile(directory, name.replace(/\/\w+$/, ''), '__init__.py')
    const place = isPackaged ? module : `${name}.py`
    const [export_, what] = app === undefined ? [`${factory}()`, factory] : [app, app]
    return { settings: { app: `${place}:${export_}` }, why: `${what} of ${name}.py` }
  }
  return undefined
}
