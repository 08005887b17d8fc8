import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { childrenOf } from './process.js'
import { root } from './root.js'
import { until } from './until.js'

/** What a command has said, and how it has ended. */
export interface Said {
  readonly status: number | null
  readonly output: string
}

const ENTER = ['--pid', '--mount', '--uts', '--ipc', '--root']

/** A real systemd with units of the test's own, which leaves nothing behind. The network is the machine's. */
export class RealSystemd {
  readonly #holder: ChildProcess
  readonly #init: number

  private constructor(holder: ChildProcess, init: number) {
    this.#holder = holder
    this.#init = init
  }

  /** @param units  the unit files, by their names */
  static async boot(t: Test, units: Readonly<Record<string, string>>): Promise<RealSystemd> {
    refuseUnlessPossible()
    const directory = mkdtempSync(join(tmpdir(), 'u-units-'))
    atEnd(t, () => rmSync(directory, { recursive: true }))
    for (const [name, text] of Object.entries(units)) writeFileSync(join(directory, name), text)
    const script = `${root}test/fixtures/systemd/boot.sh`
    // It ends with the test, however that ends.
    const through = ['--pdeathsig', 'KILL', 'unshare', '--mount', 'bash']
    const command = [...through, script, directory, root, dirname(process.execPath)]
    const holder = spawn('setpriv', command, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [holder.stdout, holder.stderr]) stream.on('data', text => (said += String(text)))
    const ended = once(holder, 'exit')
    atEnd(t, async () => {
      holder.kill('SIGTERM')
      await ended
    })
    // The script, unshare(1), and systemd.
    let init: number | undefined
    await until('systemd has its process', () => {
      if (holder.exitCode !== null) throw new Error(`systemd does not boot: ${said}`)
      init = holder.pid === undefined ? undefined : childrenOf(holder.pid).flatMap(childrenOf)[0]
      return init !== undefined
    })
    const systemd = new RealSystemd(holder, init ?? Number.NaN)
    await until(`systemd runs: ${said}`, () => {
      if (holder.exitCode !== null) throw new Error(`systemd does not boot: ${said}`)
      return /^(running|degraded)/.test(systemd.run('systemctl', 'is-system-running').output)
    })
    return systemd
  }

  /** Runs a command beside it, to its end. */
  run(...command: readonly string[]): Said {
    const { status, stdout, stderr } = spawnSync('nsenter', this.#inside(command), { cwd: '/', encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }

  /** The same, while the test goes on. */
  async runBeside(...command: readonly string[]): Promise<Said> {
    const child = spawn('nsenter', this.#inside(command), { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += String(text)))
    const [status]: (number | null)[] = await once(child, 'close')
    return { status: status ?? null, output }
  }

  /** Sends a request to a unix socket, at a path as systemd sees it. Its body is the output. */
  ask(socketPath: string): Said {
    const script = 'require("http").get({ socketPath: process.argv[1] }, reply => reply.pipe(process.stdout))'
    return this.run(process.execPath, '-e', script, socketPath)
  }

  /** A property of a unit, such as `MainPID` or `StatusText`. */
  show(unit: string, property: string): string {
    return this.run('systemctl', 'show', '--value', '-p', property, unit).output.trim()
  }

  status(unit: string): string {
    return this.run('systemctl', 'status', '--no-pager', '--full', unit).output
  }

  /** The lines of a unit in the journal: `PRIORITY MESSAGE`. */
  journal(unit: string): string[] {
    const { output } = this.run('journalctl', '-u', unit, '-o', 'json', '--all', '--no-pager')
    const entries = output.split('\n').filter(line => line.startsWith('{'))
    return entries.map(line => JSON.parse(line)).map(({ PRIORITY, MESSAGE }) => `${PRIORITY} ${MESSAGE}`)
  }

  #inside(command: readonly string[]): string[] {
    if (this.#holder.exitCode !== null) throw new Error('systemd has ended')
    return ['--target', String(this.#init), ...ENTER, 'env', '-C', '/', ...command]
  }
}

function refuseUnlessPossible(): void {
  const missing = ['systemctl', 'journalctl', 'unshare', 'nsenter', 'setpriv', 'bash'].filter(
    name => spawnSync(name, ['--version']).status !== 0,
  )
  if (missing.length > 0) throw new Error(`this test needs ${missing.join(' and ')}: install systemd and util-linux`)
  if (process.getuid?.() !== 0) throw new Error('this test boots a systemd in namespaces of its own, which needs root')
}
