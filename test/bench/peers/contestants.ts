import { writeFileSync } from 'node:fs'
import * as node from '../contestants.js'
import type { Racer } from '../race.js'
import { type Found, type Need, wattCommand } from './found.js'

export interface Wanted {
  readonly app: node.App
  readonly workers: number
  readonly port: number
  /** Own to this server; with the applications that are not in JavaScript. */
  readonly directory: string
  /** Where what it needs was found. */
  readonly found: Found
}

/** A server in the races of HTTP. */
export interface Contestant extends Racer {
  readonly needs?: Need
  command(wanted: Wanted): readonly string[]
}

function of(contestant: node.Contestant, more: { needs?: Need } = {}): Contestant {
  return {
    ...contestant,
    ...more,
    command: ({ app, workers, port }) => contestant.command(app, workers, port),
  }
}

/** Ours, on its own engine or on node:http. */
function ours(gateway: node.Gateway, engine: 'native' | 'node'): Contestant {
  return of(node.ours(`${gateway} ${engine}`, gateway, '--http-engine', engine))
}

export const wsgiNative = ours('wsgi', 'native')
export const wsgiNode = ours('wsgi', 'node')
export const fetchNative = ours('fetch', 'native')
export const fetchNode = ours('fetch', 'node')
/** This interface has no other engine. */
export const nodeNode = ours('node', 'node')

/** With the engine that is the default. */
export const wsgiAsync = of(node.asyncWsgi)
export const wsgiSync = of(node.syncWsgi)

/** Bare node:http. */
export const schedNone = of(node.schedNone)
export const schedRr = of(node.schedRr)
export const pm2 = of(node.pm2, { needs: 'pm2' })
export const honoNodeServer = of(node.honoNodeServer)
export const srvx = of(node.srvx)
export const fastify = of(node.bareWith('none', { name: 'Fastify', module: () => 'fastify' }))

/** `return 200`: what the kernel and a server in C leave to gain. */
export const nginx: Contestant = {
  name: 'nginx',
  ours: false,
  needs: 'nginx',
  command: ({ found, workers, port, directory }) => {
    const file = `${directory}/nginx.conf`
    writeFileSync(file, nginxConfig(workers, port, directory))
    return [found.path, '-p', directory, '-c', file, '-e', 'stderr']
  },
}

function nginxConfig(workers: number, port: number, directory: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    daemon off; worker_processes ${workers}; pid ${directory}/nginx.pid; ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 16384; }
    http {
      access_log off; keepalive_requests 1000000000; default_type text/plain;
      ${paths.map(name => `${name}_temp_path ${directory}/${name};`).join(' ')}
      server { listen 127.0.0.1:${port} backlog=2048; location / { return 200 "Hello, world!"; } }
    }`
}

/** With the same fetch application as ours. */
export const bun: Contestant = {
  name: 'Bun.serve',
  ours: false,
  needs: 'bun',
  command: ({ found, app, workers, port }) => [
    ...[found.path, `${node.appsDirectory}bun.js`, app, String(workers), String(port)],
  ],
}

/** Where it is asked to close the connection: it does, and does not announce it. */
export const bunClosing: Contestant = { ...bun, closes: true }

/** One process: for more, each needs a port of its own, or an acceptor. */
export const uws: Contestant = {
  name: 'uWebSockets.js',
  ours: false,
  needs: 'uws',
  command: ({ found, port }) => [process.execPath, `${node.appsDirectory}uws.js`, found.path, String(port)],
}

/** Its workers are threads. */
export const watt: Contestant = {
  name: 'Watt',
  ours: false,
  needs: 'watt',
  command: ({ found, app, workers, port, directory }) => {
    const server = { hostname: '127.0.0.1', port }
    const runtime = { server, workers: { static: workers }, logger: { level: 'error' } }
    const $schema = 'https://schemas.platformatic.dev/@platformatic/node/3.65.0.json'
    writeFileSync(`${directory}/watt.json`, JSON.stringify({ $schema, runtime }))
    writeFileSync(`${directory}/package.json`, JSON.stringify({ name: 'bench', type: 'module', main: 'main.js' }))
    writeFileSync(
      `${directory}/main.js`,
      `import { createServer } from 'node:http'
       import { handler } from ${JSON.stringify(`${node.appsDirectory}${app}.js`)}
       export const create = () => createServer({ keepAliveTimeout: 120000 }, handler)`,
    )
    return wattCommand(found)
  },
}

/** With threads, since its sync workers close every connection. */
export const gunicorn: Contestant = {
  name: 'Gunicorn',
  ours: false,
  needs: 'gunicorn',
  command: ({ found, workers, port }) => [
    ...[found.path, '--log-level', 'warning', '--worker-class', 'gthread', '--threads', '4'],
    ...['--bind', `127.0.0.1:${port}`, '--workers', String(workers), 'plain:application'],
  ],
}

/** Closes each connection, as Ruby Unicorn does. */
export const uwsgi: Contestant = {
  name: 'uWSGI',
  ours: false,
  closes: true,
  needs: 'uwsgi',
  command: ({ found, workers, port }) => [
    ...[found.path, '--plugins', 'python3', '--master', '--need-app', '--die-on-term', '--disable-logging'],
    ...['--processes', String(workers), '--http-socket', `127.0.0.1:${port}`, '--module', 'plain:application'],
  ],
}

export const puma: Contestant = {
  name: 'Puma',
  ours: false,
  needs: 'puma',
  command: ({ found, workers, port }) => [
    ...[found.path, '--quiet', '--environment', 'none', '--bind', `tcp://127.0.0.1:${port}`],
    ...['--workers', String(workers), '--threads', '5:5', 'config.ru'],
  ],
}

export const rubyUnicorn: Contestant = {
  name: 'Ruby Unicorn',
  ours: false,
  needs: 'ruby',
  command: ({ found, workers, port, directory }) => {
    const file = `${directory}/unicorn.rb`
    writeFileSync(file, `worker_processes ${workers}\n`)
    return [found.path, '-E', 'none', '-l', `127.0.0.1:${port}`, '-c', file, 'config.ru']
  },
}
