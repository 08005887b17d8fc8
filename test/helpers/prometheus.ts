import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { atEnd } from './at-end.js'
import { freePort } from './free-port.js'
import { gone } from './process.js'
import { requireCommand } from './require-command.js'
import { shortDir } from './short-dir.js'
import { spawnClean } from './spawn.js'
import { until } from './until.js'

/** A value of an instant query, with its labels. */
export interface Value {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What Prometheus answers to an instant query. */
interface Answer {
  readonly data?: { readonly result: readonly { metric: Value['labels']; value: [number, string] }[] }
}

/** Runs promtool, which says what is wrong with a page of metrics or a file. */
export function promtool(args: readonly string[], input = ''): { status: number | null; output: string } {
  requireCommand(['promtool', '--version'])
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

/** A real Prometheus that scrapes a port each 200 ms. */
export class Prometheus {
  readonly #url: string

  private constructor(url: string) {
    this.#url = url
  }

  static async start(t: Test, target: string): Promise<Prometheus> {
    requireCommand(['prometheus', '--version'])
    const [cwd, port] = [shortDir(t), await freePort()]
    const scrape = { job_name: 'unicorn', static_configs: [{ targets: [target] }] }
    const config = { global: { scrape_interval: '200ms', scrape_timeout: '200ms' }, scrape_configs: [scrape] }
    // JSON is YAML.
    writeFileSync(join(cwd, 'prometheus.yml'), JSON.stringify(config))
    const options = [
      '--config.file=prometheus.yml',
      '--storage.tsdb.path=data',
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const child = spawnClean(['prometheus', ...options, '--log.level=error'], { cwd })
    child.stdout?.resume()
    child.stderr?.resume()
    atEnd(t, async () => {
      child.kill('SIGKILL')
      if (child.pid !== undefined) await gone(child.pid)
    })
    return new Prometheus(`http://127.0.0.1:${port}/api/v1/query?query=`)
  }

  /** Asks until the answer is what is wanted. */
  async query(query: string, isSo: (values: readonly Value[]) => boolean): Promise<readonly Value[]> {
    let values: readonly Value[] = []
    await until(`${query} is so`, async () => {
      values = await this.#ask(query)
      return isSo(values)
    })
    return values
  }

  async #ask(query: string): Promise<Value[]> {
    try {
      const answer: Answer = JSON.parse(await (await fetch(this.#url + encodeURIComponent(query))).text())
      const results = answer.data?.result ?? []
      return results.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }))
    } catch {
      return [] // it starts
    }
  }
}
