import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { processStat } from '../sys/process-stat.js'
import { hasTitle } from '../sys/process-title.js'
import type { Target } from './targets.js'

/** The state of a listening socket in /proc/net/tcp (proc(5)). */
const LISTENING = '0A'
/** As `bindAtPath` names a socket before it listens. */
const TEMPORARY = /^\.unicorn-\d+\.tmp$/

/** The inodes of the sockets that listen at the port or path of a target, on whatever address. Linux only. */
export function listeningAt({ address, port }: Target): ReadonlySet<string> {
  if (address.kind === 'fd' || address.kind === 'named') return new Set()
  if (address.kind === 'abstract') return new Set(unixSockets(`@${address.name}`))
  if (address.kind === 'unix') return new Set(unixSockets(resolve(address.path)))
  const wanted = `:${(port ?? address.port).toString(16).toUpperCase().padStart(4, '0')}`
  const sockets = [...table('tcp'), ...table('tcp6')].map(line => line.trim().split(/\s+/))
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
  const own = sockets.filter(([, local = '', , state]) => local.endsWith(wanted) && state === LISTENING)
  return new Set(own.flatMap(([, , , , , , , , , inode]) => inode ?? []))
}

/** The inodes of sockets that were bound at a path, or at the temporary name beside it that was renamed to it. */
function unixSockets(path: string): string[] {
  return table('unix').flatMap(line => {
    // Num RefCount Protocol Flags Type State Inode Path
    const [, inode, name = ''] = /^(?:\S+ +){6}(\d+) ([/@].*)$/.exec(line) ?? []
    const isTemporary = dirname(name) === dirname(path) && TEMPORARY.test(basename(name))
    return inode !== undefined && (name === path || isTemporary) ? [inode] : []
  })
}

/** The workers that have such a socket, of any server. */
export function workersWith(inodes: ReadonlySet<string>): number[] {
  if (inodes.size === 0) return []
  const workers = list('/proc').filter(name => /^\d+$/.test(name) && hasTitle('worker', nameOf(name)))
  return workers.filter(pid => socketsOf(pid).some(inode => inodes.has(inode))).map(Number)
}

/** Those of them that have no arbiter any more. */
export function orphansWith(inodes: ReadonlySet<string>): number[] {
  return workersWith(inodes).filter(pid => !hasTitle('master', nameOf(parentOf(String(pid)))))
}

function socketsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fd`
  return list(directory).flatMap(fd => /^socket:\[(\d+)\]$/.exec(link(`${directory}/${fd}`))?.[1] ?? [])
}

function parentOf(pid: string): string {
  return processStat(pid)?.[1] ?? ''
}

function nameOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`)
}

function table(name: string): string[] {
  return read(`/proc/net/${name}`).split('\n')
}

// A process may end at any moment, and may be another user's; other systems have no /proc.

function read(path: string): string {
  return unlessGone(() => readFileSync(path, 'latin1'), '')
}

function link(path: string): string {
  return unlessGone(() => readlinkSync(path), '')
}

function list(path: string): string[] {
  return unlessGone(() => readdirSync(path), [])
}

function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
