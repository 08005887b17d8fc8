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

/** The files of one kind for a number of servers of one directory. */
export function deployFiles(extra: Extra, servers: readonly Served[]): Draft[] {
  return MAKERS[extra](servers)
}

const MAKERS: Readonly<Record<Extra, (servers: readonly Served[]) => Draft[]>> = {
  systemd: servers => servers.flatMap(units),
  procfile: servers => [{ path: 'Procfile', text: procfile(servers) }],
  dockerfile: servers => servers.map(dockerfile),
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

function renamed(template: string, name: string): string {
  return readFileSync(packageFile(template), 'utf8').replace(/\bshop\b/g, () => name)
}

function procfile(servers: readonly Served[]): string {
  return servers.map((served, at) => `${at === 0 ? 'web' : served.name}: ${commandOf(served)}\n`).join('')
}

function commandOf(served: Served): string {
  return ['unicorn', ...argumentsOf(served)].join(' ')
}

function argumentsOf({ config, app }: Served): string[] {
  const isFoundByItself = /^(?:unicorn\.config\.\w+|gunicorn\.conf\.py)$/.test(config)
  return [...(isFoundByItself ? [] : ['-c', config]), ...(app === undefined ? [] : [app])]
}

function dockerfile(served: Served, at: number): Draft {
  const path = at === 0 ? 'Dockerfile' : `${served.name}.Dockerfile`
  const words = [...(served.bind === undefined ? ['-b', '0.0.0.0:8000'] : []), ...argumentsOf(served)]
  const text = served.language === 'python' ? pythonImage(words) : nodeImage(words, served.manifest)
  return { path, text }
}

function nodeImage(words: readonly string[], manifest: Manifest | undefined): string {
  const install = manifest?.scripts.has('build')
    ? 'RUN npm ci\nCOPY . .\nRUN npm run build && npm prune --omit=dev'
    : 'RUN npm ci --omit=dev\nCOPY . .'
  return `FROM node:22-slim
WORKDIR /srv/app
COPY package.json package-lock.json ./
${install}
USER node
EXPOSE 8000
${command(['node_modules/.bin/unicorn', ...words])}`
}

function pythonImage(words: readonly string[]): string {
  return `FROM python:3.12-slim
COPY --from=node:22-slim /usr/local/bin /usr/local/bin
COPY --from=node:22-slim /usr/local/lib/node_modules /usr/local/lib/node_modules
# The package of unicorn, as npm pack makes it.
COPY unicorn-*.tgz /tmp/
RUN npm install --global /tmp/unicorn-*.tgz
WORKDIR /srv/app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER nobody
EXPOSE 8000
${command(['unicorn', ...words])}`
}

/** A list: behind a shell the server would not be PID 1, and would get no signals. */
function command(words: readonly string[]): string {
  const list = words.map(word => JSON.stringify(word)).join(', ')
  return `# To be stopped by docker stop -t 40: a drain may take gracefulTimeout (30 s).\nCMD [${list}]\n`
}

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
