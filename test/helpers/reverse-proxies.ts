import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { freePort } from './free-port.js'
import { requireCommand } from './require-command.js'
import { root } from './root.js'
import { shortDir } from './short-dir.js'
import { spawnClean } from './spawn.js'
import { until } from './until.js'

/** A file of config/deploy with its places in it: another socket, another port, and names that occur once. */
export interface Site {
  /** Within config/deploy, or anywhere by an absolute path. */
  readonly file: string
  /** The socket of the server behind it; if absent, it stands in the file. */
  readonly socket?: string
  readonly replace?: readonly (readonly [from: string | RegExp, to: string])[]
}

const HOST = '127.0.0.1'

/** The port of each site, by its place in the list. */
type Ports = readonly { readonly host: string; readonly port: number }[]

/** By the context that they stand in. */
interface NginxSites {
  readonly http?: readonly Site[]
  readonly stream?: readonly Site[]
}

/** Starts nginx, without any other configuration than what its sites need. It is gone when the test is. */
export async function startNginx(t: Test, { http = [], stream = [] }: NginxSites): Promise<Ports> {
  requireCommand(['nginx', '-v'])
  const directory = shortDir(t)
  const ports = await Promise.all([...http, ...stream].map(() => freePort()))
  const texts = [...http, ...stream].map((site, i) => textOf(site, `listen ${HOST}:${ports[i]};`, /listen 80;/))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const streams = stream.length > 0 ? `stream {\n${texts.slice(http.length).join('\n')}\n}` : ''
  const conf = `${stream.length > 0 ? 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;' : ''}
    user root;
    worker_processes 1;
    pid ${directory}/nginx.pid;
    error_log ${directory}/error.log;
    events { worker_connections 512; }
    http {
      access_log off;
      ${temporary.map(name => `${name}_temp_path ${directory}/${name};`).join(' ')}
      ${texts.slice(0, http.length).join('\n')}
    }
    ${streams}`
  writeFileSync(join(directory, 'nginx.conf'), conf)
  await run(
    t,
    ['nginx', '-p', directory, '-e', `${directory}/error.log`, '-c', 'nginx.conf', '-g', 'daemon off;'],
    ports,
  )
  return ports.map(port => ({ host: HOST, port }))
}

/** Starts one HAProxy for each site. */
export async function startHaproxy(t: Test, ...sites: readonly Site[]): Promise<Ports> {
  requireCommand(['haproxy', '-v'])
  const directory = shortDir(t)
  const ports = await Promise.all(sites.map(() => freePort()))
  await Promise.all(
    sites.map(async (site, i) => {
      const path = join(directory, `${i}.cfg`)
      writeFileSync(path, textOf(site, `bind ${HOST}:${ports[i]}`, /bind :80/))
      await run(t, ['haproxy', '-db', '-f', path], [ports[i] ?? 0])
    }),
  )
  return ports.map(port => ({ host: HOST, port }))
}

/** Starts one Caddy with all sites, by plain HTTP: it asks nobody for certificates. */
export async function startCaddy(t: Test, ...sites: readonly Site[]): Promise<Ports> {
  requireCommand(['caddy', 'version'])
  const directory = shortDir(t)
  const ports = await Promise.all(sites.map(() => freePort()))
  const texts = sites.map((site, i) => textOf(site, `http://:${ports[i]} {\n\tbind ${HOST}`, /shop\.example \{/))
  const path = join(directory, 'Caddyfile')
  writeFileSync(path, `{\n\tadmin off\n\tauto_https off\n}\n${texts.join('\n')}`)
  // It writes to its home.
  await run(t, ['env', `HOME=${directory}`, 'caddy', 'run', '--config', path, '--adapter', 'caddyfile'], ports)
  return ports.map(port => ({ host: HOST, port }))
}

/** @throws if there is nothing to be replaced */
function textOf({ file, socket, replace = [] }: Site, listen: string, from: RegExp): string {
  let text = readFileSync(resolve(root, 'config/deploy', file), 'utf8')
  for (const [found, wanted] of [
    [from, listen],
    ...(socket === undefined ? [] : [[/\/run\/shop\/shop\.sock(?=[; \n])(?! --)/g, socket] as const]),
    ...replace,
  ] as const) {
    const after = text.replaceAll(typeof found === 'string' ? found : new RegExp(found, 'g'), wanted)
    if (after === text) throw new Error(`${file} has no ${found}`)
    text = after
  }
  return text
}

/** Runs a proxy in the foreground; it ends with this process too. (nginx overwrites its environment.) */
async function run(t: Test, command: readonly string[], ports: readonly number[]): Promise<void> {
  const child = spawnClean(['setpriv', '--pdeathsig', 'KILL', ...command], { cwd: '/' })
  let said = ''
  child.stdout?.on('data', text => (said += text))
  child.stderr?.on('data', text => (said += text))
  const end = new Promise<void>(resolve => child.on('exit', () => resolve()))
  atEnd(t, async () => {
    child.kill('SIGTERM')
    await end
  })
  await until(`${command[0]} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')}: ${said}`)
    return (await Promise.all(ports.map(isOpen))).every(Boolean)
  })
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, HOST)
    const done = (open: boolean) => () => {
      socket.destroy()
      resolve(open)
    }
    socket.on('connect', done(true)).on('error', done(false))
  })
}
