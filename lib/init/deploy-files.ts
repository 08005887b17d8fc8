import { join } from 'node:path'
import { dockerfiles } from './dockerfile.js'
import { nginxSite } from './nginx-site.js'
import type { Extra } from './options.js'
import { isFile } from './project.js'
import { argumentsOf, COMMAND, type Draft, programOf, renamed, type Served, textOf } from './served.js'

/** The files of some kinds for a number of servers of one directory. */
export function deployFiles(extras: readonly Extra[], servers: readonly Served[]): Draft[] {
  return extras.flatMap(extra => MAKERS[extra](servers, extras))
}

const MAKERS: Readonly<Record<Extra, (servers: readonly Served[], extras: readonly Extra[]) => Draft[]>> = {
  systemd: servers => servers.flatMap(units),
  procfile: servers => [{ path: 'Procfile', text: procfile(servers) }],
  dockerfile: dockerfiles,
  nginx: (servers, extras) =>
    servers.map(served =>
      nginxSite(served, extras.includes('systemd') || isFile(join(served.directory, socketUnit(served)))),
    ),
}

/** The tested units of this package, with the names of the project. The service names no address: the socket has it. */
function units(served: Served): Draft[] {
  const { name, bind, config, language, app } = served
  const current = `/srv/${name}/current`
  const program = language === 'python' ? '/usr/bin/env unicorn' : `${current}/node_modules/.bin/unicorn`
  const start = `ExecStart=${program} --chdir ${current} -c ${current}/${config} --fd-store${app === undefined ? '' : ` ${app}`}`
  const service = renamed('config/deploy/systemd/shop.service', name).replace(/^ExecStart=.*$/m, () => start)
  const socket = { path: socketUnit(served), text: renamed('config/deploy/systemd/shop.socket', name) }
  return [{ path: `${name}.service`, text: service }, ...(bind === undefined ? [socket] : [])]
}

function socketUnit({ name }: Served): string {
  return `${name}.socket`
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

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w.:/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
