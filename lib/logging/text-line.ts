import { type ErrorRecord, isErrorRecord } from './error-record.js'
import { escapeLine } from './escape.js'
import { errorLogTime, oncePerSecond } from './local-time.js'

/** Gunicorn's names of pino's levels. */
const LABELS: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
}

/** A value that can stand without quotes. */
const BARE = /^[\w./:@%+,-]+$/

/** Stacks and causes are indented below their line, so that no text in them looks like a line of the log. */
const INDENT = '    '

/** A record of the log, as pino makes it, read back from JSON. */
export type LogRecord = Readonly<Record<string, unknown>>

/** Makes the renderer of text lines: `[time] [pid] [LEVEL] message key=value`, as in Gunicorn, with errors below. */
export function createTextRenderer(): (record: LogRecord) => string {
  // The time is that of the rendering, since a line is written as soon as its record is made.
  const time = oncePerSecond(errorLogTime)
  return record => {
    const { level, time: _, pid, msg, ...fields } = record
    const head = `${time(Date.now())} [${process.pid}] [${LABELS[String(level)] ?? 'INFO'}] ${escapeLine(String(msg ?? ''))}`
    return `${[head, ...Object.entries(fields).filter(isPlain).map(pair)].join(' ')}\n${below(fields)}`
  }
}

/** The same without time, process id and level, which stand elsewhere in messages of syslog. */
export function messageLines({ level: _, time: __, pid: ___, msg, ...fields }: LogRecord): string {
  const pairs = Object.entries(fields).filter(isPlain).map(pair)
  return `${[escapeLine(String(msg ?? '')), ...pairs].join(' ')}\n${below(fields)}`
}

const isPlain = ([, value]: [string, unknown]) => !isErrorRecord(value)

function pair([key, value]: [string, unknown]): string {
  return `${word(key)}=${word(value)}`
}

function word(value: unknown): string {
  return typeof value === 'string' && BARE.test(value) ? value : escapeLine(JSON.stringify(value) ?? 'undefined')
}

function below(fields: LogRecord): string {
  let text = ''
  for (const [key, value] of Object.entries(fields)) {
    if (!isErrorRecord(value)) continue
    for (const line of errorLines(value, key === 'err' ? '' : `${key}: `)) text += `${INDENT}${escapeLine(line)}\n`
  }
  return text
}

function errorLines(error: ErrorRecord, title: string): string[] {
  const lines = `${title}${stackOf(error)}`.split('\n')
  for (const [name, value] of Object.entries(error.fault ?? {})) lines.push(`  ${name}: ${oneLine(value)}`)
  if (error.cause !== undefined) lines.push(...causeLines(error.cause, 'caused by: '))
  for (const [index, each] of (error.errors ?? []).entries()) lines.push(...causeLines(each, `error ${index + 1}: `))
  return lines
}

function causeLines(cause: unknown, title: string): string[] {
  return isErrorRecord(cause) ? errorLines(cause, title) : [`${title}${oneLine(cause)}`]
}

const oneLine = (value: unknown) => escapeLine(typeof value === 'string' ? value : JSON.stringify(value))

/** Returns the stack with type and message in its first line. V8 misses those that a class sets only later. */
function stackOf({ type, message, stack }: ErrorRecord): string {
  if (stack === undefined) return `${type}: ${message}`
  if (!stack.includes(message)) return `${type}: ${message}\n${stack}`
  return stack.startsWith('Error: ') ? `${type}${stack.slice('Error'.length)}` : stack
}
