import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import type { Test } from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { isRunning, orGone } from '../helpers/process.js'
import { requireCommand } from '../helpers/require-command.js'

/** The command in front of another that runs it in a network namespace, in the same process. */
export type Through = readonly string[]

/** States of a port of a bridge (linux/if_bridge.h). */
const DISABLED = 0
const FORWARDING = 3

/** The addresses of config/deploy/haproxy/haproxy-hosts.cfg. */
const EDGE = '10.0.0.1'
const hostAddress = (number: number): string => `10.0.0.${10 + number}`

export interface Network {
  /** Where the load balancer is. */
  readonly edge: Through
  readonly hosts: readonly Place[]
}

/** Where a host is. */
export interface Place {
  readonly address: string
  readonly through: Through
  /** From now on every packet to it and from it is lost, without a word to either side. */
  cutOff(): void
  /** Packets pass again. */
  reconnect(): void
}

/**
 * Makes network namespaces for `count` hosts and for what stands in front of them, with a bridge between all. The
 * machine's own network is not touched. They are gone when the test is.
 *
 * @throws if the machine refuses them
 */
export function makeNetwork(t: Test, count: number): Network {
  requireCommand(['ip', '-V'])
  removeLeftOnes()
  const edge = makeNamespace(t, 'edge')
  ip('-n', edge, 'link', 'add', 'name', 'br0', 'type', 'bridge')
  ip('-n', edge, 'address', 'add', `${EDGE}/24`, 'dev', 'br0')
  ip('-n', edge, 'link', 'set', 'br0', 'up')
  const hosts = Array.from({ length: count }, (_, i) => {
    const address = hostAddress(i + 1)
    const name = makeNamespace(t, `host${i + 1}`)
    const port = `host${i + 1}`
    ip('-n', edge, 'link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('-n', edge, 'link', 'set', port, 'master', 'br0', 'up')
    ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
    const setState = (state: number): void => run('bridge', '-n', edge, 'link', 'set', 'dev', port, 'state', `${state}`)
    return { address, through: inside(name), cutOff: () => setState(DISABLED), reconnect: () => setState(FORWARDING) }
  })
  return { edge: inside(edge), hosts }
}

function inside(namespace: string): Through {
  return ['ip', 'netns', 'exec', namespace]
}

/** Its name has the pid of this process in it. */
function makeNamespace(t: Test, name: string): string {
  const whole = `unicorn-${process.pid}-${name}`
  try {
    ip('netns', 'add', whole)
  } catch (error) {
    const why = 'this test needs network namespaces, which this machine refuses (they need root with CAP_SYS_ADMIN)'
    throw new Error(why, { cause: error })
  }
  atEnd(t, () => ip('netns', 'delete', whole))
  ip('-n', whole, 'link', 'set', 'lo', 'up')
  return whole
}

/** Of a test that was killed. */
function removeLeftOnes(): void {
  for (const name of orGone(() => readdirSync('/run/netns')) ?? []) {
    const pid = /^unicorn-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !isRunning(Number(pid))) ip('netns', 'delete', name)
  }
}

function ip(...args: readonly string[]): void {
  run('ip', ...args)
}

/** @throws with what the command says */
function run(command: string, ...args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
