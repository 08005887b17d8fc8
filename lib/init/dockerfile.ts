import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argumentsOf, COMMAND_WORDS, type Draft, programOf, renamed, type Served, textOf } from './served.js'

const TEMPLATE = 'config/deploy/docker/Dockerfile'
const IGNORED = 'config/deploy/docker/.dockerignore'
/** What the template has for npm. */
const NPM = { files: 'package.json package-lock.json', install: 'RUN npm ci --omit=dev' }
const BUILD_COMMENT = /^# For an application that is compiled.*\n# RUN .*\n/m

/** How a package manager installs by its lock file, what is for development left out or not. */
interface Manager {
  readonly lock: string | undefined
  readonly production: string
  readonly all: string
  /** Builds, and leaves what a server needs. */
  readonly build: string
}

/** The last one is for a project without a lock file. */
const MANAGERS: readonly Manager[] = [
  {
    lock: 'package-lock.json',
    production: 'npm ci --omit=dev',
    all: 'npm ci',
    build: 'npm run build && npm prune --omit=dev',
  },
  {
    lock: 'pnpm-lock.yaml',
    production: 'corepack enable && pnpm install --frozen-lockfile --prod',
    all: 'corepack enable && pnpm install --frozen-lockfile',
    build: 'pnpm run build && CI=true pnpm prune --prod',
  },
  {
    lock: 'yarn.lock',
    production: 'yarn install --frozen-lockfile --production',
    all: 'yarn install --frozen-lockfile',
    build: 'yarn run build && yarn install --frozen-lockfile --production',
  },
  {
    lock: undefined,
    production: 'npm install --omit=dev',
    all: 'npm install',
    build: 'npm run build && npm prune --omit=dev',
  },
]

/** An image for each server of a directory, and what belongs in none. */
export function dockerfiles(servers: readonly Served[]): Draft[] {
  return [...servers.map(dockerfile), { path: '.dockerignore', text: textOf(IGNORED) }]
}

/** The tested image of this package. One for Python is started, and asked how it is, in the same way. */
function dockerfile(served: Served, at: number): Draft {
  const path = at === 0 ? 'Dockerfile' : `${served.name}.Dockerfile`
  const words = argumentsOf(served).map(word => `, ${JSON.stringify(word)}`)
  const text = renamed(TEMPLATE, served.name)
    .replace(COMMAND_WORDS.program, () => JSON.stringify(programOf(served)))
    .replace(COMMAND_WORDS.app, () => words.join(''))
  if (served.language === 'python') return { path, text: pythonImage(served) + text.slice(text.indexOf('EXPOSE')) }
  return { path, text: installedBy(managerOf(served), text, served.manifest?.scripts.has('build') ?? false) }
}

function managerOf({ directory }: Served): Manager {
  return MANAGERS.find(({ lock }) => lock === undefined || existsSync(join(directory, lock))) as Manager // the last one fits all
}

function installedBy({ lock, production, all, build }: Manager, text: string, isBuilt: boolean): string {
  const files = ['package.json', ...(lock === undefined ? [] : [lock])]
  const installed = text
    .replace(NPM.files.replace(' ', ' and '), () => files.join(' and '))
    .replace(NPM.files, () => files.join(' '))
    .replace(NPM.install, () => `RUN ${isBuilt ? all : production}`)
  return isBuilt ? installed.replace(BUILD_COMMENT, () => `RUN ${build}\n`) : installed
}

function pythonImage({ directory }: Served): string {
  return `FROM python:3.12-slim
COPY --from=node:22-slim /usr/local/bin /usr/local/bin
COPY --from=node:22-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
# The package of unicorn, as npm pack makes it.
COPY unicorn-*.tgz /tmp/
RUN npm install --global /tmp/unicorn-*.tgz
# PORT becomes --bind 0.0.0.0:$PORT, unless the config file names an address.
ENV PORT=8000 WEB_CONCURRENCY=auto
WORKDIR /srv/app
${pythonPackages(directory)}
# A number, so that Kubernetes knows that it is not root (runAsNonRoot): nobody.
USER 65534:65534
`
}

const DEPENDENCIES = `import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"].get("dependencies", []), sep="\\n")`

/** Installs what the project names, by the file that it has. */
function pythonPackages(directory: string): string {
  if (existsSync(join(directory, 'requirements.txt')))
    return 'COPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .'
  const file = join(directory, 'pyproject.toml')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  // A project that is no package has nothing to build, and its code is served from where it lies.
  const isPackage = /^\s*\[build-system\]/m.test(text) && !/^\s*package-mode\s*=\s*false/m.test(text)
  if (isPackage || existsSync(join(directory, 'setup.py'))) return 'COPY . .\nRUN pip install --no-cache-dir .'
  if (!/^\s*\[project\]/m.test(text)) return 'COPY . .'
  return `COPY pyproject.toml ./\nRUN python -c '${DEPENDENCIES}' | pip install --no-cache-dir -r /dev/stdin\nCOPY . .`
}
