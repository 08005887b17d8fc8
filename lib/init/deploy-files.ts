import { readFileSync } from 'node:fs'
import { packageFile } from '../sys/package.js'
import type { Extra } from './options.js'
import type { Language, Manifest } from './project.js'

/** One server: an application, its config file, and what it is called. */
export interface Served {
  readonly name: string
  /** The config file, in the directory of the application. */
  readonly config: string
  /** The addresses that the config file has; undefined if it leaves them to what starts the server. */
  readonly bind: string | undefined
  /** The application, if the config file does not name it. */
  readonly app?: string | undefined
  readonly language: Language
  readonly manifest: Manifest | undefined
}

/** A file that is to be written. */
export interface Draft {
  readonly path: string
  readonly text: string
}

/** What is to be written, and what is to be said about it. */
export interface Plan {
  readonly configs: readonly Draft[]
  /** What the other files are for. */
  readonly servers: readonly Served[]
  /** Sentences for the terminal. */
  readonly remarks: readonly string[]
}

/** The program and the application of the files to copy. */
const NODE_PROGRAM = 'node_modules/.bin/unicorn'
const APP = 'app:application'
const COMMAND = `${NODE_PROGRAM} ${APP}`

/** The files of one kind for a number of servers of one directory. */
export function deployFiles(extra: Extra, servers: readonly Served[]): Draft[] {
  return MAKERS[extra](servers)
}

const MAKERS: Readonly<Record<Extra, (servers: readonly Served[]) => Draft[]>> = {
  systemd: servers => servers.flatMap(units),
  procfile: servers => [{ path: 'Procfile', text: procfile(servers) }],
  dockerfile: dockerfiles,
  nginx: servers => servers.map(nginx),
}

/** The tested units of this package, with the names of the project. The service names no address: the socket has it. */
function units(served: Served): Draft[] {
  const { name, bind, config, language, app } = served
  const current = `/srv/${name}/current`
  const program = language === 'python' ? '/usr/bin/env unicorn' : `${current}/node_modules/.bin/unicorn`
  const start = `ExecStart=${program} --chdir ${current} -c ${current}/${config} --fd-store${app === undefined ? '' : ` ${app}`}`
  const service = renamed('config/deploy/systemd/shop.service', name).replace(/^ExecStart=.*$/m, () => start)
  const socket = { path: `${name}.socket`, text: renamed('config/deploy/systemd/shop.socket', name) }
  return [{ path: `${name}.service`, text: service }, ...(bind === undefined ? [socket] : [])]
}

function textOf(template: string): string {
  return readFileSync(packageFile(template), 'utf8')
}

function renamed(template: string, name: string): string {
  return textOf(template).replace(/\bshop\b/g, () => name)
}

/** The tested line of this package, for each server. */
function procfile(servers: readonly Served[]): string {
  const line = textOf('config/deploy/procfile/Procfile')
  return servers
    .map((served, at) => (at === 0 ? line : line.replace('web', served.name)).replace(COMMAND, () => commandOf(served)))
    .join('')
}

function commandOf(served: Served): string {
  return [programOf(served), ...argumentsOf(served).map(quoted)].join(' ')
}

function programOf({ language }: Served): string {
  return language === 'python' ? 'unicorn' : NODE_PROGRAM
}

function argumentsOf({ config, app }: Served): string[] {
  const isFoundByItself = /^(?:unicorn\.config\.\w+|gunicorn\.conf\.py)$/.test(config)
  return [...(isFoundByItself ? [] : ['-c', config]), ...(app === undefined ? [] : [app])]
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w.:/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function dockerfiles(servers: readonly Served[]): Draft[] {
  return [...servers.map(dockerfile), { path: '.dockerignore', text: textOf('config/deploy/docker/.dockerignore') }]
}

/** The tested image of this package. One for Python is started, and asked how it is, in the same way. */
function dockerfile(served: Served, at: number): Draft {
  const path = at === 0 ? 'Dockerfile' : `${served.name}.Dockerfile`
  const template = renamed('config/deploy/docker/Dockerfile', served.name)
  const text = template
    .replace(`"${NODE_PROGRAM}"`, () => JSON.stringify(programOf(served)))
    .replace(`, "${APP}"`, () =>
      argumentsOf(served)
        .map(word => `, ${JSON.stringify(word)}`)
        .join(''),
    )
  if (served.language === 'python') return { path, text: PYTHON_IMAGE + text.slice(text.indexOf('EXPOSE')) }
  return { path, text: served.manifest?.scripts.has('build') ? withBuild(text) : text }
}

function withBuild(text: string): string {
  return text
    .replace('RUN npm ci --omit=dev', 'RUN npm ci')
    .replace(/^# For an application that is compiled.*\n# /m, '')
}

const PYTHON_IMAGE = `FROM python:3.12-slim
COPY --from=node:22-slim /usr/local/bin /usr/local/bin
COPY --from=node:22-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
# The package of unicorn, as npm pack makes it.
COPY unicorn-*.tgz /tmp/
RUN npm install --global /tmp/unicorn-*.tgz
# PORT becomes --bind 0.0.0.0:$PORT, unless the config file names an address.
ENV PORT=8000 WEB_CONCURRENCY=auto
WORKDIR /srv/app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER nobody
`

function nginx({ name, bind }: Served): Draft {
  const server = bind === undefined ? `unix:/run/${name}.sock` : bind.replace(/^(0\.0\.0\.0)?:/, '127.0.0.1:')
  const text = `# /etc/nginx/sites-available/${name}: nginx in front of ${name}.

upstream ${name} {
  # As ${bind === undefined ? `${name}.socket` : 'the config file of unicorn'} has it.
  server ${server} fail_timeout=0;
  keepalive 32;
}

server {
  listen 80;
  server_name ${name}.example;
  client_max_body_size 10m;

  location / {
    proxy_pass http://${name};
    # Connections to unicorn are kept: give it a --keep-alive above nginx's keepalive_timeout for upstreams (60 s).
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
  }
}
`
  return { path: `${name}.nginx.conf`, text }
}
