import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../helpers/root.js'
import type { Bench } from '../measure.js'
import { PortServer } from '../port-server.js'
import type { Contestant, Wanted } from './contestants.js'
import { type Environment, findEnvironment } from './environment.js'

const NAMES = { gunicorn: 'Gunicorn', granian: 'Granian', uvicorn: 'Uvicorn', uwsgi: 'uWSGI' } as const
const ADVICE = 'apt-get install uwsgi-core uwsgi-plugin-python3'

/** What is needed to race: applications, a Python with packages, and who is there. Made ready by `prepare`. */
export class Field {
  #environment: Environment | undefined
  #directory: string | undefined
  #uwsgi: string | undefined

  /**
   * @returns the versions of all, for the page
   * @throws Error if Django or Gunicorn are missing, or the applications cannot be made ready
   */
  async prepare(bench: Pick<Bench, 'say' | 'signal'>): Promise<string> {
    const environment = await findEnvironment(bench)
    this.#environment = environment
    const { python, versions } = environment
    for (const name of ['Django', 'gunicorn']) {
      if (!versions.has(name)) throw new Error(`${python} has no ${name}, which everything is compared with`)
    }
    this.#uwsgi = spawnSync('uwsgi', ['--version'], { encoding: 'utf8' }).stdout?.trim()
    const missing = Object.entries(NAMES).flatMap(([need, name]) => (this.#has(need) ? [] : [name]))
    for (const name of missing) {
      bench.say(
        `${name} takes no part: ${name === 'uWSGI' ? `not installed (${ADVICE})` : `${python} does not have it`}`,
      )
    }
    await this.#prepareApps(python, bench.signal)
    const present = [...versions].map(([name, version]) => `${name} ${version}`)
    if (this.#uwsgi) present.push(`uWSGI ${this.#uwsgi}`)
    return [`${present.join(', ')}.`, ...missing.map(name => `Without ${name}, which was missing.`)].join(' ')
  }

  get environment(): Environment {
    if (!this.#environment) throw new Error('the field was not prepared')
    return this.#environment
  }

  /** Of the applications: they write there. */
  get directory(): string {
    if (this.#directory === undefined) throw new Error('the field was not prepared')
    return this.#directory
  }

  /** Those that can take part. */
  present(lanes: readonly Contestant[]): Contestant[] {
    return lanes.filter(({ needs }) => needs === undefined || this.#has(needs))
  }

  /** @param contestant  started in the applications' directory */
  start(
    { signal }: Pick<Bench, 'signal'>,
    [contestant, wanted]: readonly [Contestant, Omit<Wanted, 'port'>],
  ): Promise<PortServer> {
    const command = (port: number): string[] => contestant.command(this.environment, { ...wanted, port })
    return PortServer.start({ name: contestant.name, command, cwd: this.directory }, signal)
  }

  #has(need: string): boolean {
    return need === 'uwsgi' ? Boolean(this.#uwsgi) : this.environment.versions.has(need)
  }

  async #prepareApps(python: string, signal: AbortSignal): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'bench-python-'))
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
    cpSync(`${root}test/bench/python/apps`, directory, { recursive: true })
    const child = spawn(python, ['prepare.py'], { cwd: directory, signal, stdio: ['ignore', 'inherit', 'inherit'] })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`the Django project could not be made ready: prepare.py ended with ${code}`)
    this.#directory = directory
  }
}
