import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { Log } from '../helpers/log.js'
import { requireCommand } from '../helpers/require-command.js'
import { root } from '../helpers/root.js'
import { shortDir } from '../helpers/short-dir.js'
import { spawnClean } from '../helpers/spawn.js'
import { until } from '../helpers/until.js'
import type { Through } from './network.js'

const FILE = join(root, 'config/deploy/haproxy/haproxy-hosts.cfg')

/** The column of the statistics that has the number of sessions (scur). */
const SESSIONS = 4

/** What HAProxy says of one request. */
export interface Passed {
  readonly host: string
  /** Whether it was sent to another host after the first one had not taken it. */
  readonly redispatched: boolean
}

/** A real HAProxy with the file for several hosts, to which clients come by a unix socket as well. */
export class Balancer {
  readonly socketPath: string
  readonly #statsPath: string
  readonly #log = new Log()

  private constructor(directory: string) {
    this.socketPath = join(directory, 'web.sock')
    this.#statsPath = join(directory, 'stats.sock')
  }

  static async start(t: Test, through: Through): Promise<Balancer> {
    requireCommand(['haproxy', '-v'])
    const directory = shortDir(t)
    const balancer = new Balancer(directory)
    const path = join(directory, 'haproxy.cfg')
    writeFileSync(path, balancer.#text())
    // It ends with this process too.
    const command = ['setpriv', '--pdeathsig', 'KILL', ...through, 'haproxy', '-db', '-f', path]
    const child = spawnClean(command, { cwd: '/' })
    if (!child.stdout || !child.stderr) throw new Error('HAProxy could not be spawned')
    const ended = once(child, 'exit')
    atEnd(t, async () => {
      child.kill('SIGTERM')
      await ended
    })
    let said = ''
    child.stderr.on('data', text => (said += String(text)))
    balancer.#log.read(child.stdout)
    await until('HAProxy runs', async () => {
      if (child.exitCode !== null) throw new Error(`HAProxy has ended: ${said}`)
      return (await balancer.#statistics().catch(() => '')) !== ''
    })
    return balancer
  }

  /** The file as it is, and what the test sees it by. */
  #text(): string {
    const log = 'log stdout format raw local0 info\n  log-format "%HU %s %ts %rc"'
    const additions = [
      [/^global$/m, `global\n  stats socket ${this.#statsPath}`],
      [/^ {2}bind :80$/m, `  bind :80\n  bind unix@${this.socketPath}\n  ${log}`],
    ] as const
    return additions.reduce(
      (text, [from, to]) => {
        if (!from.test(text)) throw new Error(`${FILE} has no ${from}`)
        return text.replace(from, to)
      },
      readFileSync(FILE, 'utf8'),
    )
  }

  /** Waits until health checks have found a host in or out of order. */
  async sees(host: string, state: 'UP' | 'DOWN'): Promise<void> {
    await until(`HAProxy sees ${host} ${state}`, async () => {
      const row = await this.#rowOf(host)
      // Before the first check it takes each to be up; `UP 1/2` is still up, `DOWN 1/2` is still down.
      return row.includes(`,${state}`) && (state === 'DOWN' || row.includes('L7OK'))
    })
  }

  /** Waits until a host has no requests any more: what it had is answered, or given up. */
  async leaves(host: string): Promise<void> {
    await until(`no request is at ${host}`, async () => (await this.#rowOf(host)).split(',')[SESSIONS] === '0')
  }

  /** Waits for what it logs of a request when that is over. */
  async passed(url: string): Promise<Passed> {
    const { msg } = await this.#log.wait(({ msg }) => msg.startsWith(`${url} `))
    return parse(msg)
  }

  /** How many requests have been sent to another host until now. */
  redispatches(): number {
    return this.#log.lines.filter(({ msg }) => parse(msg).redispatched).length
  }

  /** Of a host in the statistics. */
  async #rowOf(host: string): Promise<string> {
    return (await this.#statistics()).split('\n').find(line => line.startsWith(`shop,${host},`)) ?? ''
  }

  async #statistics(): Promise<string> {
    const socket = connect(this.#statsPath)
    socket.end('show stat\n')
    let text = ''
    for await (const part of socket.setEncoding('utf8')) text += part
    return text
  }
}

/** HAProxy marks a redispatch by a `+` in front of the number of retries. */
function parse(line: string): Passed {
  const [, host = '', , retries = ''] = line.split(' ')
  return { host, redispatched: retries.startsWith('+') }
}
