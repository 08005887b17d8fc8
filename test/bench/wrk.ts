import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { pinned } from './cpus.js'

export interface Load {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** A new connection for each request. */
  readonly fresh: boolean
  /** Of each request, as `Name: value`. */
  readonly fields?: readonly string[]
  /** Path of a script in Lua that makes the requests. */
  readonly script?: string | undefined
  /** The only CPU that wrk may use. */
  readonly cpu?: number | undefined
  /** The server closes each connection without announcing it, which wrk counts as an error. */
  readonly closes?: boolean
  /** Errors are counted, and do not fail. */
  readonly isForgiving?: boolean
}

export interface Result {
  readonly perSecond: number
  readonly requests: number
  /** Requests that failed, if they may. */
  readonly failures?: number
}

/** The version of the wrk that is installed, or undefined where none is. */
export function wrkVersion(): string | undefined {
  const { stdout } = spawnSync('wrk', ['--version'], { encoding: 'utf8' })
  return /^wrk (\S+)/.exec(stdout ?? '')?.[1]
}

/**
 * Runs wrk in one thread, so that it takes the same part of the CPU from every contestant.
 * @throws Error where it fails, and where anything but 2xx and 3xx was answered: such figures are worth nothing
 */
export async function wrk(load: Load, signal: AbortSignal): Promise<Result> {
  const { url, connections, seconds, fresh, fields = [], script, cpu, closes = false, isForgiving = false } = load
  const header = [...fields, ...(fresh ? ['Connection: close'] : [])].flatMap(field => ['-H', field])
  const more = script === undefined ? [] : ['-s', script]
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...header, ...more, url]
  const [name = '', ...args] = cpu === undefined ? command : pinned(command, cpu)
  const child = spawn(name, args, { signal, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  return isForgiving ? parseForgiving(output) : parseWrk(output, closes)
}

/** Errors count as failures. @throws Error if the output holds no result */
export function parseForgiving(output: string): Result {
  const counts = output.matchAll(/(?:connect|read|write|timeout|Non-2xx or 3xx responses:) (\d+)(?=,|\n)/g)
  const failures = [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
  return { ...figuresOf(output), failures }
}

/**
 * @param closes  errors of reading are no errors
 * @throws Error if the output holds errors, no answered request, or no result
 */
export function parseWrk(output: string, closes = false): Result {
  const sound = closes ? output.replace(/(Socket errors: connect 0, read )\d+/, '$10') : output
  const bad = /Non-2xx.*|Socket errors: (?!connect 0, read 0, write 0, timeout 0).*/.exec(sound)?.[0]
  if (bad !== undefined) throw new Error(`wrk: ${bad}`)
  const result = figuresOf(output)
  if (result.requests === 0) throw new Error('wrk: no request was answered')
  return result
}

function figuresOf(output: string): Result {
  const perSecond = /^Requests\/sec:\s+([\d.]+)/m.exec(output)?.[1]
  const requests = /^\s+(\d+) requests in /m.exec(output)?.[1]
  if (perSecond === undefined || requests === undefined) throw new Error(`wrk printed no result: ${output}`)
  return { perSecond: Number(perSecond), requests: Number(requests) }
}
