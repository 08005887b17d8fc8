import ms, { type StringValue } from 'ms'
import { type Parser, refuse } from './parser.js'

/** The longest time of Node's timers, in milliseconds (24.8 days). Longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

const SIZE_UNITS = [
  ['gb', 1024 ** 3],
  ['mb', 1024 ** 2],
  ['kb', 1024],
] as const

/**
 * Reads a duration, in milliseconds, from `ms` strings (`30s`, `2m`, `500ms`) or a bare number of seconds as in
 * Gunicorn. A fraction of a millisecond counts as a whole one: 0 would often mean "never".
 */
export const duration: Parser<number, number | string> = {
  wanted: 'a duration such as "30s", "2m" or "500ms" (a bare number is seconds), of at most 24 days',
  metavar: 'DURATION',
  parse(found) {
    const value = Math.ceil(milliseconds(found))
    return value >= 0 && value <= LONGEST_TIMER ? value : refuse(found, duration.wanted)
  },
  print: value => withUnit(value, DURATION_UNITS, 'ms'),
}

/** Two durations, in milliseconds. */
export interface DurationRange {
  readonly first: number
  readonly longest: number
}

/** Reads two durations with two dots between them: `100ms..30s`. */
export const durationRange: Parser<DurationRange, string> = {
  wanted: 'two durations, the shorter one first, such as "100ms..30s"',
  metavar: 'FIRST..LONGEST',
  parse(found) {
    const parts = typeof found === 'string' ? found.split('..') : []
    const [first, longest] = parts.map(part => Math.ceil(milliseconds(part.trim())))
    if (parts.length !== 2 || first === undefined || longest === undefined) return refuse(found, durationRange.wanted)
    const isOrdered = first > 0 && longest >= first && longest <= LONGEST_TIMER
    return isOrdered ? { first, longest } : refuse(found, durationRange.wanted)
  },
  print: ({ first, longest }) => `${duration.print(first)}..${duration.print(longest)}`,
}

/** Returns NaN if `found` is no duration. */
function milliseconds(found: unknown): number {
  if (typeof found === 'number') return found * 1000
  if (typeof found !== 'string') return Number.NaN
  if (/^\d*\.?\d+$/.test(found)) return Number(found) * 1000
  // An unknown unit gives undefined, although the types of `ms` do not say so.
  return isDurationText(found) ? Number(ms(found)) : Number.NaN
}

function isDurationText(found: string): found is StringValue {
  return /^\d*\.?\d+ ?[a-z]+$/i.test(found)
}

/** Reads a number of bytes: a bare number, or with `b`, `kb`, `mb` or `gb` (1 kb is 1024 bytes). */
export const size: Parser<number, number | string> = {
  wanted: 'a size in bytes such as 8190, "64kb" or "10mb"',
  metavar: 'SIZE',
  parse(found) {
    const value = bytes(found)
    return Number.isSafeInteger(value) && value >= 0 ? value : refuse(found, size.wanted)
  },
  print: value => withUnit(value, SIZE_UNITS, ''),
}

/** Returns NaN if `found` is no size. */
function bytes(found: unknown): number {
  if (typeof found === 'number') return found
  const parts = typeof found === 'string' ? /^(\d+(?:\.\d+)?) ?(b|kb|mb|gb)?$/i.exec(found) : null
  const unit = parts?.[2]?.toLowerCase()
  const factor = SIZE_UNITS.find(([name]) => name === unit)?.[1] ?? 1
  return Number(parts?.[1]) * factor
}

/** Writes a value in the largest unit that needs no fraction. */
function withUnit(value: number, units: readonly (readonly [string, number])[], smallest: string): string {
  const [name, factor] = units.find(([, each]) => value % each === 0 && value !== 0) ?? [smallest, 1]
  return `${value / factor}${value === 0 ? '' : name}`
}
