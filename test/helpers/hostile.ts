import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const fail = (): never => {
  throw new Error('nobody may look at this')
}

/** Throws at whatever is done with it. */
const TRAPS: ProxyHandler<object> = new Proxy({}, { get: () => fail })

const KEYS = ['message', 'stack', 'name', 'cause', 'code', 'errors', 'status', 'constructor', 'toString', 'then']
const SYMBOLS = [Symbol.toPrimitive, Symbol.toStringTag, Symbol.iterator, inspect.custom]
const ALL_KEYS: readonly PropertyKey[] = [...KEYS, 'toJSON', 'valueOf', ...SYMBOLS]

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** A getter that works a few times. */
function worksTimes(times: number): () => string {
  let left = times
  return () => (left-- > 0 ? 'fine' : fail())
}

/** A value that an application may throw, however unlikely. The same seed gives the same kind of value. */
export function hostile(seed: number): unknown {
  return make(seeded(seed), 3)
}

type Random = () => number

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value // an index within the list
}

function make(random: Random, depth: number): unknown {
  const makers = random() < 0.3 ? PLAIN : depth > 0 ? [...ERRORS, ...OBJECTS] : OBJECTS
  return pick(random, makers)(random, depth - 1)
}

type Maker = (random: Random, depth: number) => unknown

const PLAIN: readonly Maker[] = [
  () => undefined,
  () => null,
  () => 12n,
  () => Symbol('symbol'),
  () => 'x'.repeat(1 << 20),
  () => Number.NaN,
  () => '\ud800\u202e\u2028\0',
  () => () => 1,
  () => class {},
]

const OBJECTS: readonly Maker[] = [
  () => Object.create(null),
  () => new Proxy({}, TRAPS),
  () => new Proxy(() => {}, TRAPS),
  () => new Proxy(new Error('inside'), TRAPS),
  () => revoked({}),
  () => revoked([]),
  () => revoked(() => {}),
  () => revoked(new Error('inside')),
  () => Object.create(new Proxy({}, TRAPS)),
  () => Object.assign(Object.create(null), { message: 'message', stack: 'stack' }),
  random => Object.defineProperty({}, pick(random, ALL_KEYS), { get: fail, enumerable: true }),
  random => ({ [pick(random, ALL_KEYS)]: fail }),
  () => Object.defineProperty([], 0, { get: fail, enumerable: true }),
  () => new Date(Number.NaN),
  () => Object.defineProperty(() => {}, 'name', { value: Symbol('name') }),
  () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    return circular
  },
]

const ERRORS: readonly Maker[] = [
  random => Object.defineProperty(new Error('a'), pick(random, ALL_KEYS), { get: fail }),
  random => Object.defineProperty(new Error('b'), pick(random, ALL_KEYS), { value: fail }),
  (random, depth) => Object.defineProperty(new Error('c'), pick(random, ALL_KEYS), { value: make(random, depth) }),
  (random, depth) => Object.freeze(new Error('d', { cause: make(random, depth) })),
  random => Object.defineProperty(new Error('e'), pick(random, KEYS), { get: worksTimes(Math.floor(random() * 8)) }),
  () => Object.setPrototypeOf(new Error('f'), null),
  () => Object.setPrototypeOf(new Error('g'), new Proxy(Error.prototype, TRAPS)),
  (random, depth) => new AggregateError([make(random, depth), make(random, depth)], 'h'),
  () => {
    const many = new AggregateError([], 'i')
    many.errors = Array.from({ length: 20 }, () => many)
    return many
  },
  (random, depth) => Object.assign(new AggregateError([], 'j'), { errors: make(random, depth) }),
  () => {
    const first = new Error('k')
    first.cause = new Error('l', { cause: first })
    return first
  },
  () => Object.assign(Object.create(Error.prototype), { message: 'no native error' }),
  () => runInNewContext('new TypeError("of another realm")'),
  () => new DOMException('m', 'AbortError'),
  () =>
    new (class extends Error {
      override get name(): string {
        return fail()
      }
    })(),
  () =>
    new (class extends Error {
      static override readonly name: string = Symbol('n') as never
    })('o'),
  () => Object.assign(new Error('p'), { stack: 'x'.repeat(1 << 20) }),
]
