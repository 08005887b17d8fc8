import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../helpers/root.js'
import type { App } from '../contestants.js'
import { type Cpus, pinned } from '../cpus.js'
import type { Bench } from '../measure.js'
import { PortServer } from '../port-server.js'
import type { Contestant } from './contestants.js'
import { type Found, type Need, PEERS, type Peer } from './found.js'

/** Not in JavaScript, so they are not compiled. */
const APPS = `${root}test/bench/peers/apps/`
const NOTHING: Found = { path: '', version: '' }

export interface Serving {
  readonly app: App
  readonly workers: number
  /** The server's CPU, if it shall have one. */
  readonly cpus?: Cpus | undefined
}

/** Who is there to race with. Made ready by `prepare`. */
export class Peers {
  readonly #found = new Map<Need, Found>()
  #directory: string | undefined
  #started = 0

  /** @returns who takes part, with versions, and who does not, for the page */
  async prepare(bench: Pick<Bench, 'say' | 'signal'>): Promise<string> {
    const present: string[] = []
    const missing: string[] = []
    for (const [need, peer] of Object.entries(PEERS) as [Need, Peer][]) {
      try {
        const found = await peer.find(bench)
        this.#found.set(need, found)
        present.push(`${peer.name} ${found.version}`)
      } catch (error) {
        bench.signal.throwIfAborted()
        bench.say(`${peer.name} takes no part: ${error instanceof Error ? error.message : error}`)
        missing.push(peer.name)
      }
    }
    const directory = mkdtempSync(join(tmpdir(), 'bench-peers-'))
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
    this.#directory = directory
    return [`${present.join(', ')}.`, ...missing.map(name => `Without ${name}, which was missing.`)].join(' ')
  }

  /** Whether it is there. */
  has(need: Need): boolean {
    return this.#found.has(need)
  }

  /** Those that can take part. */
  present(lanes: readonly Contestant[]): Contestant[] {
    return lanes.filter(({ needs }) => needs === undefined || this.has(needs))
  }

  /** Starts it in a directory of its own. @throws Error if it does not answer */
  start({ signal }: Pick<Bench, 'signal'>, lane: Contestant, { app, workers, cpus }: Serving): Promise<PortServer> {
    const directory = this.#newDirectory()
    const found = (lane.needs && this.#found.get(lane.needs)) ?? NOTHING
    const command = (port: number): readonly string[] => {
      const words = lane.command({ app, workers, port, directory, found })
      return cpus === undefined ? words : pinned(words, cpus.server)
    }
    return PortServer.start({ name: lane.name, command, cwd: directory }, signal)
  }

  /** The path of a script for wrk. */
  script(name: string): string {
    return `${APPS}${name}`
  }

  #newDirectory(): string {
    if (this.#directory === undefined) throw new Error('the peers were not prepared')
    const directory = join(this.#directory, String(this.#started++))
    mkdirSync(directory)
    cpSync(`${APPS}config.ru`, `${directory}/config.ru`)
    cpSync(`${root}test/bench/python/apps/plain.py`, `${directory}/plain.py`)
    const watt = this.#found.get('watt')
    if (watt !== undefined) symlinkSync(watt.path, `${directory}/node_modules`)
    return directory
  }
}
